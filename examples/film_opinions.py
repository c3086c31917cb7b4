"""Train on one-sentence opinions of films, test on a tenth of them, and explain one."""

from importlib.resources import files

import vikt

lines = (files("vikt.corpus.sample") / "opinions.tsv").read_text(encoding="utf-8").splitlines()[1:]
labels, texts = zip(*(line.split("\t") for line in lines), strict=True)

classifier = vikt.TextClassifier(min_df=1)
held_out, true_labels = classifier.fit_and_hold_out(texts, labels)
print(f"accuracy on {len(held_out)} opinions it never saw: {classifier.score(held_out, true_labels):.2f}")
print(f"proven distance from the optimum: {classifier.certificate_:.1e}")

explanation = classifier.explain("A great story, badly acted.")
print(explanation.label, f"{explanation.probability:.2f}")
for part in explanation.contributions[:5]:
    print(f"{part.contribution:+.3f}  {part.feature}")
