"""The card of a model, as Markdown."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from vikt.explanation.weights import strongest_features
from vikt.fitting.model import FittedModel
from vikt.fitting.record import FitRecord
from vikt.fitting.saved import SavedModel
from vikt.mappings import ReadJson
from vikt.names import LABEL_NOUNS, TargetKind
from vikt.report.card.front_matter import front_matter
from vikt.report.card.markdown import md, md_code, md_list, md_table
from vikt.report.card.use import use
from vikt.report.choices import features_sentence
from vikt.report.decision import decision_facts
from vikt.report.evaluation import first_figures
from vikt.report.fit import data_facts, loss_sentence, penalty_fact, proof, proof_facts
from vikt.report.targets import target_facts
from vikt.tables import MOST_CLASSES_LISTED, counted, figure, label_line, one_line

_MOST_WORDS = 8
# A class with fewer rows than this is unreliable.
_FEW_ROWS = 30
_TASKS: Mapping[TargetKind, str] = {
    "classes": "sorts {inputs} into {labels}",
    "several": "gives {inputs} any of {labels}",
    "soft": "gives {inputs} a share of each of {labels}",
    "ordered": "places {inputs} on {labels}",
}


def model_card(saved: SavedModel, name: str) -> str:
    """What a model is, what it learnt from, how good it is, what speaks against using it, and how to check that.

    Everything is from the model and its record. The front matter is that of the Hugging Face Hub; the licence and the
    language, which no model file knows, are left to fill in. Labels and words are text, whatever they contain.

    Parameters
    ----------
    saved : SavedModel
    name : str
        The name of the model file without its ending.

    Examples
    --------
    >>> import vikt
    >>> texts = ["a great film", "great fun", "a bad film", "bad and dull"]
    >>> classifier = vikt.TextClassifier(min_df=1, l2=0.01).fit(texts, ["pos", "pos", "neg", "neg"])
    >>> card = model_card(SavedModel(classifier.model_, classifier.record_), "films")
    >>> print(card[card.index("# films") :].splitlines()[2])
    A logistic regression that sorts texts into 2 classes by 14 features, trained with vikt on 4 rows.
    """
    model, record, name = saved.model, saved.record, one_line(name)
    sections = {
        "Use": use(model, name),
        "Figures": _figures(record),
        "Training data": _facts(data_facts(record, model)),
        "How it was fitted": _facts(_fit_facts(model, record)),
        "How it decides": md_list([f"{md(name)}: {md(fact)}" for name, fact in _answers(model, record)]),
        "Strongest features": _strongest(model),
        "Limits": md_list([*_limits(model, record)]),
        "Verification": _verification(model, record, name),
    }
    blocks = [front_matter(model, record, name), f"# {md(name)}", _summary(model, record)]
    blocks += [f"## {title}\n\n{content}" for title, content in sections.items() if content]
    return "\n\n".join(blocks) + "\n"


def _summary(model: FittedModel, record: FitRecord) -> str:
    labels = counted(len(model.classes), LABEL_NOUNS[model.kind])
    return (
        f"A logistic regression that {_TASKS[model.kind].format(inputs=f'{_input(model)}s', labels=labels)} by "
        f"{counted(model.features.n_features, 'feature')}, trained with vikt on "
        f"{counted(record.data.fitted_rows, 'row')}."
    )


def _input(model: FittedModel) -> str:
    """What a document of the model is called."""
    return "text" if model.features.reads_text else "row"


def _figures(record: FitRecord) -> str:
    """The first figures of the test, with their intervals."""
    if not record.metrics:
        return "None: the model has not been tested in its present form."
    rows = [[name, figure(found["value"]), _interval(found)] for name, found in first_figures(record.metrics)]
    tested = counted(record.data.test_rows or 0, "row")
    return f"On {tested} that the model did not learn from.\n\n{md_table(['figure', 'value', '95% interval'], rows)}"


def _interval(found: ReadJson) -> str:
    known = found.get("low") is not None and found.get("high") is not None
    return f"{figure(found['low'])} to {figure(found['high'])}" if known else "-"


def _facts(facts: list[tuple[str, str]]) -> str:
    return md_table(["", ""], [list(fact) for fact in facts], left=2)


def _fit_facts(model: FittedModel, record: FitRecord) -> list[tuple[str, str]]:
    """How features and λ were chosen, how the fit ended, and what is proven of it."""
    part = record.least_proven
    return [
        *([("features", features_sentence(record.features))] if record.features else []),
        ("penalty", penalty_fact(part)),
        ("loss", loss_sentence(part)),
        ("proof", proof(part)),
        *proof_facts(part, model.labels),
    ]


def _answers(model: FittedModel, record: FitRecord) -> list[tuple[str, str]]:
    return [*target_facts(model), *decision_facts(model, record)]


def _strongest(model: FittedModel) -> str:
    found = strongest_features(model, _MOST_WORDS)
    rows = [
        [label_line(label), ", ".join(f"{label_line(name)} {weight:+.2f}" for name, weight in features)]
        for label, features in list(found.items())[:MOST_CLASSES_LISTED]
    ]
    return md_table([LABEL_NOUNS[model.kind], "features with the largest weights"], rows, left=2)


def _limits(model: FittedModel, record: FitRecord) -> Iterator[str]:
    """What speaks against relying on the model."""
    noun, own = LABEL_NOUNS[model.kind], _input(model)
    yield f"It was trained on one kind of {own}; on other kinds its accuracy may be lower than these figures."
    if model.kind == "classes" and not model.decision.abstains:
        yield f"It knows no other {noun} than its own: a {own} that belongs to none of them is given one all the same."
    yield (
        "Its weights say which features went with which label in the training data, not why; biases and accidents in "
        "the data are learnt as well."
    )
    few = [label for label, count in record.data.classes.items() if 0 < count < _FEW_ROWS]
    if few:
        named = ", ".join(md(label_line(label)) for label in few[:_MOST_WORDS])
        more = f" and {len(few) - _MOST_WORDS:,} more" * (len(few) > _MOST_WORDS)
        yield f"Fewer than {_FEW_ROWS} rows have the {noun} {named}{more}: answers for these are unreliable."
    if record.shrunk_from is not None:
        yield f"It was shrunk from {record.shrunk_from:,} features after its fit, so it has no proof of optimality."


def _verification(model: FittedModel, record: FitRecord, name: str) -> str:
    path = shlex.quote(f"{name}.vikt")
    commands = md_code("", [f"vikt inspect {path}", f"vikt evaluate {path} test.csv"])
    again = "" if record.shrunk_from is None else ", shrunk to as many features,"
    return (
        "The file holds a digest, so a damaged one is refused; loading it runs no code. These commands show the record "
        f"that this card was made from, and test the model on labelled {_input(model)}s of your own:\n\n{commands}\n\n"
        f"The same rows with the same options{again} give the same file, byte for byte. The fingerprint of the rows, "
        f"whatever their order, is `{record.data.fingerprint}`."
    )
