"""The comparison of two models in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vikt.corpus.frames import frame_of, texts_of
from vikt.corpus.targets import Labels
from vikt.errors import ParameterError
from vikt.evaluation.comparison import Comparison, compared
from vikt.evaluation.differences import Difference
from vikt.fitting.fitted import FittedAttributes
from vikt.fitting.model import Inputs
from vikt.report.evaluation import FIGURE_NAMES
from vikt.tables import answer_line, columns, counted, cut, figure, label_line, listed, one_line

_WIDEST_TEXT = 80
_MOST_CONFUSIONS = 10
# Differences of these are told in points.
_SHARES = {"accuracy", "balanced_accuracy", "macro_f1", "micro_f1", "hamming_loss", "subset_accuracy"}


@dataclass(frozen=True, repr=False)
class ModelComparison(Comparison):
    """The difference of two models on the same labelled rows; it prints as a report."""

    @classmethod
    def of(cls, comparison: Comparison) -> ModelComparison:
        return cls(**vars(comparison))

    def __repr__(self) -> str:
        return comparison_lines(self)


def compare(a: FittedAttributes, b: FittedAttributes, texts: Inputs, labels: Labels) -> ModelComparison:
    """Compare two fitted classifiers on the same labelled texts, as `vikt compare` does.

    A classifier is called better where the 95% interval of the difference excludes 0 and p < 0.05 after Holm's
    correction for the number of figures; otherwise no difference is shown. The interval is a paired bootstrap;
    McNemar's exact test says whether the two are right equally often.

    Parameters
    ----------
    a, b : TextClassifier
        With any features and classes. Both answer several labels per text, or both one: a class, the most probable
        class of soft labels, or a level.
    texts : (m,) strings, or a frame
        As for `TextClassifier.evaluate`; of a frame, each classifier reads its own columns.
    labels : (m,) or (m, K)
        As for `TextClassifier.evaluate`.

    Returns
    -------
    ModelComparison
        It prints as the command prints it; `to_json()` is its `--json`.

    Raises
    ------
    UsageError
        One of the two is not a classifier; or one answers several labels per text, and the other one.
    DataError
        There are no texts, or not one label for each.

    Examples
    --------
    >>> import vikt
    >>> texts, labels = ["a great film", "great fun", "a bad film", "bad and dull"], ["pos", "pos", "neg", "neg"]
    >>> words, letters = (vikt.TextClassifier(name, l2=0.01).fit(texts, labels) for name in ("word", "char"))
    >>> vikt.compare(words, letters, texts, labels).differences["accuracy"].better
    ''
    """
    for name, classifier in (("a", a), ("b", b)):
        if not isinstance(classifier, FittedAttributes):
            found = type(classifier).__name__
            raise ParameterError(name, f"expected a fitted TextClassifier, found {found}; load a file by vikt.load")
    models = a._model, b._model
    # Both read the texts, which a generator gives only once.
    frame, is_given_once = frame_of(texts), isinstance(texts, Iterator)
    inputs = frame if frame is not None else texts_of(texts) if is_given_once else texts
    found = compared(*models, (inputs, inputs), labels, max(a._n_threads, b._n_threads))
    return ModelComparison.of(found)


def figure_name(name: str) -> str:
    """A figure's name in JSON as it is in sentences."""
    return FIGURE_NAMES[name]


def comparison_lines(comparison: Comparison) -> str:
    """A comparison in words: the differences, the rows, the disagreements."""
    counts = (
        f"{comparison.both_right:,} both right, {comparison.only_a_right:,} only A, "
        f"{comparison.only_b_right:,} only B, {comparison.neither_right:,} neither"
    )
    lines = {figure_name(name): difference_sentence(name, found) for name, found in comparison.differences.items()}
    lines["McNemar"] = f"p = {comparison.p_value:.2g} (exact, two-sided)"
    n_figures = len(comparison.differences)
    lines["better"] = f"where the interval excludes 0 and p < 0.05, corrected for {n_figures} figures (Holm)"
    lines["rows"] = f"{comparison.n_rows:,}: {counts}"
    if comparison.unanswered_a or comparison.unanswered_b:
        unanswered = f"{comparison.unanswered_a:,} by A, {comparison.unanswered_b:,} by B"
        lines["unanswered"] = f"{unanswered}: they count as wrong in all but log loss and Brier score"
    for model, labels in (("A", comparison.unseen_a), ("B", comparison.unseen_b)):
        if labels:
            names, n_rows = listed(list(map(label_line, labels))), sum(labels.values())
            lines[f"unseen by {model}"] = f"{counted(len(labels), 'label')} of {counted(n_rows, 'row')}: {names}"
    width = max(map(len, lines))
    return "\n".join([*(f"{name:<{width}}  {line}" for name, line in lines.items()), *_disagreements(comparison)])


def difference_sentence(name: str, difference: Difference) -> str:
    """The difference of a figure in words; the number is positive if it is in favour of the model that is named.

    Examples
    --------
    >>> difference_sentence("accuracy", Difference(0.9, 0.92, 0.003, 0.037, "B"))
    'A 0.9000, B 0.9200: B is better by 2.0 points, 95%: 0.3 to 3.7'
    >>> difference_sentence("log_loss", Difference(0.21, 0.2, -0.03, 0.01, ""))
    'A 0.2100, B 0.2000: no difference shown (B - A: -0.0100, 95%: -0.0300 to 0.0100)'
    >>> difference_sentence("log_loss", Difference(float("nan"), float("nan"), 0.0, 0.0, ""))
    'A -, B -: there is nothing to compare'
    """
    sides = f"A {figure(difference.a)}, B {figure(difference.b)}"
    reason = f"; {difference.reason}" if difference.reason else ""
    if difference.value != difference.value:
        return f"{sides}: there is nothing to compare{reason}"
    is_share = name in _SHARES
    ends = [difference.value, difference.low, difference.high]
    # "Better" is told as a positive number, whichever the model and whether high or low is good.
    if difference.better and difference.value < 0:
        ends = [-difference.value, -difference.high, -difference.low]
    value, low, high = (_spelled(end, is_share, abs(ends[2] - ends[1])) for end in ends)
    shown = f"{value}{' points' * is_share}, 95%: {low} to {high}"
    shown = shown if difference.low == difference.low else f"{value}{' points' * is_share}"
    finding = (
        f"{difference.better} is better by {shown}" if difference.better else (f"no difference shown (B - A: {shown})")
    )
    return f"{sides}: {finding}{reason}"


def _spelled(value: float, is_share: bool, width: float) -> str:
    """A difference, in points if it is one of shares: with a digit more where the interval is narrow."""
    if not is_share:
        return figure(value)
    return "-" if value != value else f"{100 * value:.{1 if width >= 0.01 else 2}f}"


def _disagreements(comparison: Comparison) -> list[str]:
    n = comparison.n_disagreements
    if not n:
        return ["", "the models give every row the same answer"]
    most = comparison.confusions[:_MOST_CONFUSIONS]
    rows = [["label", "A says", "B says", "rows"]]
    rows += [[label_line(label), answer_line(a), answer_line(b), f"{count:,}"] for label, a, b, count in most]
    more = n - sum(count for *_, count in most)
    examples = [["label", "A says", "P", "B says", "P", "text"]]
    examples += [
        [
            label_line(row.label),
            answer_line(row.a),
            f"{row.probability_a:.2f}",
            answer_line(row.b),
            f"{row.probability_b:.2f}",
            cut(one_line(row.text), _WIDEST_TEXT),
        ]
        for row in comparison.examples
    ]
    return [
        "",
        f"the models disagree on {counted(n, 'row')}",
        columns(rows, left=3),
        *([f"  and {counted(more, 'more row')}"] if more else []),
        "",
        "the disagreements on which both are most confident: only A is right, only B, neither",
        columns(examples, left=6),
    ]
