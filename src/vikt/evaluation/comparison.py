"""Two models on the same labelled rows: which is better, and how sure that is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from vikt.corpus.targets import Labels
from vikt.corpus.texts import Texts
from vikt.errors import DataError, UsageError
from vikt.evaluation.differences import Difference, Pair, differences_of, pair_of_classes
from vikt.evaluation.of_kinds import answers_of, given_labels
from vikt.evaluation.outcomes import NO_ANSWER, Answers, Outcomes
from vikt.evaluation.set_differences import pair_of_sets
from vikt.evaluation.several import SetOutcomes
from vikt.fitting.model import FittedModel, Inputs
from vikt.mappings import Json
from vikt.metrics.differences import mcnemar
from vikt.names import TargetKind

_EXAMPLES_OF_A_KIND = 5
_MOST_CHARACTERS_OF_AN_EXAMPLE = 1000
_MOST_CONFUSIONS = 20


@dataclass(frozen=True)
class Disagreement:
    """A row to which the models give different answers, and the probability of the class that each finds likeliest.

    Of several labels, label and answers are sets, as JSON, and the probability is that of the set that is answered.
    `row` counts from 0. An answer is None where the model gives none. A long text is cut off.
    """

    row: int
    label: str
    a: str | None
    b: str | None
    probability_a: float
    probability_b: float
    text: str

    def to_json(self) -> Json:
        """As JSON holds it."""
        return dict(vars(self))


@dataclass(frozen=True)
class Comparison:
    """The difference of two models, A and B, on the same labelled rows.

    Attributes
    ----------
    both_right, only_a_right, only_b_right, neither_right : int
        How many rows both models answer rightly, one alone, or neither.
    n_disagreements : int
        The rows to which the models give different answers: those that one alone has right, and those of two different
        errors.
    p_value : float
        Of McNemar's exact test, two-sided.
    differences : dict of str to Difference
        By the name of the figure in JSON: accuracy, balanced_accuracy, macro_f1, matthews, log_loss, brier, and
        mean_absolute_error where a model answers levels; or, of several labels, micro_f1, macro_f1, hamming_loss,
        subset_accuracy, log_loss.
    confusions : list of (label, answer of A, answer of B, rows)
        The disagreements, the most frequent first; at most 20.
    examples : list of Disagreement
        At most five of each kind (A alone is right, B alone, neither), those that both models are surest of first.
    unanswered_a, unanswered_b : int
        The rows to which the model gives no answer, which counts as wrong.
    unseen_a, unseen_b : dict of str to int
        Labels that the model never saw in training, and their rows.
    """

    both_right: int
    only_a_right: int
    only_b_right: int
    neither_right: int
    n_disagreements: int
    p_value: float
    differences: dict[str, Difference]
    confusions: list[tuple[str, str | None, str | None, int]]
    examples: list[Disagreement]
    unanswered_a: int
    unanswered_b: int
    unseen_a: dict[str, int]
    unseen_b: dict[str, int]

    @property
    def share(self) -> str:
        """The figure that is the share of the rows answered rightly: accuracy, or subset accuracy of several labels."""
        return next(name for name in ("subset_accuracy", "accuracy") if name in self.differences)

    @property
    def n_rows(self) -> int:
        return self.both_right + self.only_a_right + self.only_b_right + self.neither_right

    def to_json(self) -> Json:
        """What `vikt compare --json` prints of it; no NaN or Infinity."""
        return {
            "differences": {name: difference.to_json() for name, difference in self.differences.items()},
            "mcnemar": {
                "only_a_right": self.only_a_right,
                "only_b_right": self.only_b_right,
                "p_value": self.p_value,
            },
            "rows": {
                "total": self.n_rows,
                "both_right": self.both_right,
                "only_a_right": self.only_a_right,
                "only_b_right": self.only_b_right,
                "neither_right": self.neither_right,
                "disagreements": self.n_disagreements,
            },
            "confusions": [dict(zip(("label", "a", "b", "rows"), row, strict=True)) for row in self.confusions],
            "examples": [example.to_json() for example in self.examples],
            "unanswered": {"a": self.unanswered_a, "b": self.unanswered_b},
            "unseen_labels": {"a": self.unseen_a, "b": self.unseen_b},
        }


def compared(
    a: FittedModel, b: FittedModel, inputs: tuple[Inputs, Inputs], labels: Labels, threads: int = 1
) -> Comparison:
    """Compare two models on the same labelled rows, of which each reads its own inputs."""
    check_comparable(a, b)
    read_a, read_b = a.measured(inputs[0]), b.measured(inputs[1])
    given = _read_once(a, b, labels, len(read_a))
    texts = (read_a if a.features.reads_text else read_b).texts
    return compare(answers_of(a, read_a, given, threads), answers_of(b, read_b, given, threads), texts)


def check_comparable(a: FittedModel, b: FittedModel) -> None:
    """Raise UsageError where one model answers several labels per text, and the other one."""
    if (a.kind == "several") != (b.kind == "several"):
        sides = ("several labels", "one") if a.kind == "several" else ("one label", "several")
        raise UsageError(
            f"compare: A answers {sides[0]} for each text, and B {sides[1]}, so they have no figure in common; "
            "compare two models of the same kind"
        )


def _read_once(a: FittedModel, b: FittedModel, labels: Labels, n_rows: int) -> Labels:
    """Labels that both models take: one per row, or the targets of rows, which a generator gives only once."""
    kind: TargetKind = "several" if a.kind == "several" else "soft" if "soft" in (a.kind, b.kind) else "classes"
    return given_labels(labels, kind, (b if b.kind == kind else a).classes, n_rows)


def pair_of(a: Answers, b: Answers) -> Pair:
    """The answers of two models of the same kind, by names that both have."""
    if isinstance(a, SetOutcomes) and isinstance(b, SetOutcomes):
        return pair_of_sets(a, b)
    if isinstance(a, Outcomes) and isinstance(b, Outcomes):
        return pair_of_classes(a, b)
    raise UsageError("compare: expected two models that both answer several labels per text, or both one")


def compare(a: Answers, b: Answers, texts: Texts) -> Comparison:
    """Compare the answers of two models to the same rows.

    The interval of a difference is a paired bootstrap: the rows are drawn together, with replacement. A model is better
    where the interval excludes 0 and p < 0.05 after Holm's correction for the number of figures; p is the bootstrap's,
    of accuracy the larger of that and McNemar's. Figures other than accuracy have no interval where the models differ
    in fewer than ten rows. No order of the rows changes any figure.

    Parameters
    ----------
    a, b : Outcomes, or SetOutcomes
    texts : Texts
        The texts of the rows, for the examples.

    Raises
    ------
    DataError
        There are no rows, or not as many for both.
    """
    if not a.n_rows or not a.n_rows == b.n_rows == len(texts):
        raise DataError(
            f"compare: expected the same rows for both models, at least one, found {a.n_rows}, {b.n_rows} "
            f"and {len(texts)} texts; give both models the same rows"
        )
    pair = pair_of(a, b)
    right_a, right_b = pair.is_right_a, pair.is_right_b
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    both = int((right_a & right_b).sum())
    p_value = mcnemar(only_a, only_b)
    return Comparison(
        both_right=both,
        only_a_right=only_a,
        only_b_right=only_b,
        neither_right=len(pair.real) - both - only_a - only_b,
        n_disagreements=int(pair.differ.sum()),
        p_value=p_value,
        differences=differences_of(pair, p_value),
        confusions=_confusions(pair),
        examples=_examples(pair, texts),
        unanswered_a=int((pair.a == NO_ANSWER).sum()),
        unanswered_b=int((pair.b == NO_ANSWER).sum()),
        unseen_a=a.unseen,
        unseen_b=b.unseen,
    )


def _confusions(pair: Pair) -> list[tuple[str, str | None, str | None, int]]:
    names = [*pair.names, None]
    triples = zip(*(side[pair.differ].tolist() for side in (pair.real, pair.a, pair.b)), strict=True)
    most = sorted(Counter(triples).items(), key=lambda item: (-item[1], item[0]))[:_MOST_CONFUSIONS]
    return [(pair.names[real], names[a], names[b], count) for (real, a, b), count in most]


def _examples(pair: Pair, texts: Texts) -> list[Disagreement]:
    names = [*pair.names, None]
    right_a, right_b, differ = pair.is_right_a, pair.is_right_b, pair.differ
    sure_a, sure_b = pair.sure_a, pair.sure_b
    sure = np.minimum(sure_a, sure_b)
    rows = []
    for kind in (right_a & differ, right_b & differ, differ & ~right_a & ~right_b):
        found = np.flatnonzero(kind)
        # Only texts as sure as the last of the first few can be among them.
        least = np.sort(sure[found])[-_EXAMPLES_OF_A_KIND:][:1]
        first = found[sure[found] >= least] if len(found) else found
        rows += sorted(first.tolist(), key=lambda row: (-sure[row], texts[row]))[:_EXAMPLES_OF_A_KIND]
    return [
        Disagreement(
            row,
            pair.names[pair.real[row]],
            names[pair.a[row]],
            names[pair.b[row]],
            float(sure_a[row]),
            float(sure_b[row]),
            texts[row].decode("utf-8", "surrogatepass")[:_MOST_CHARACTERS_OF_AN_EXAMPLE],
        )
        for row in rows
    ]
