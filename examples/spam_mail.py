"""The lecture's spam filter: four features made by hand, a dummy feature, and so five weights, each with a name.

Written once in Python, and once as columns of a CSV file on the command line: the weights are the same.
"""

import csv
import re
import subprocess
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

import vikt
from vikt.corpus.documents import Documents
from vikt.features.description import sentence
from vikt.features.handmade import Category, Number, Pattern

# Some of the words that are most often misspelt in English.
MISSPELLINGS = set(
    """adress allready becuase choosen deliverd dont freinds garantee garanteed imediately immediatly loosing millon
    pasport payed recieve recieved reciept tomorow wasnt""".split()  # noqa: SIM905
)

lines = (files("vikt.corpus.sample") / "emails.tsv").read_text(encoding="utf-8").splitlines()[1:]
labels, senders, texts = zip(*(line.split("\t") for line in lines), strict=True)


def proportion_misspelt(text):
    words = re.findall(r"[a-z]+", text.lower())
    return sum(word in MISSPELLINGS for word in words) / len(words)


features = [
    Pattern(name="button", pattern=r"(?i)\b(click|button)\b"),
    Pattern(name="sums of money", pattern=r"[$€£]\s?[0-9]|[0-9]\s?(kr|dollars?|euros?)\b"),
    Category(name="kth.se", column="sender", values=("kth.se",)),
    Number(name="misspelt"),
]
mails = {"text": texts, "sender": senders, "misspelt": [proportion_misspelt(text) for text in texts]}

classifier = vikt.TextClassifier(analyzer="none", features=features, l2=1e-3, tol=1e-10).fit(mails, labels)
print(f"log-odds of {classifier.classes_[1]}:")
for name, weight in zip(["(dummy)", *classifier.features_.names()], classifier.theta_, strict=True):
    print(f"  {name:<16} {weight:+.4f}")
print("scaled: ", *map(sentence, classifier.features_.facts()))

# The same as columns: what another program measured, vikt only weighs.
measured = [feature.measure(Documents.of(mails)) for feature in features[:2]]
with tempfile.TemporaryDirectory() as folder:
    table = Path(folder, "mails.csv")
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["label", "button", "sums of money", "kth.se", "misspelt"])
        kth = [float(sender == "kth.se") for sender in senders]
        writer.writerows(zip(labels, *measured, kth, mails["misspelt"], strict=True))
    columns = ["button", "sums of money", "kth.se", "misspelt"]
    options = [part for column in columns for part in ("--number", column)]
    command = ["train", str(table), "--test", str(table), "-o", str(Path(folder, "spam.vikt")), "--quiet"]
    command += ["--analyzer", "none", *options, "--l2", "1e-3", "--tol", "1e-10"]
    print("\n$ vikt train mails.csv --analyzer none --number button --number 'sums of money' ...")
    done = subprocess.run([sys.executable, "-m", "vikt", *command], capture_output=True, text=True, check=True)
    print(done.stdout[done.stdout.index("weights of") : done.stdout.index("strongest")].strip())
