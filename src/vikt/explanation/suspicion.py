"""Finding labels that are probably wrong: rows are answered out of fold, and judged by the kind of their targets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from vikt.arrays import Bools, Classes, Floats, Ints
from vikt.corpus.label_arrays import spelled_labels
from vikt.corpus.targets import OneLabel
from vikt.errors import DataError, UsageError
from vikt.explanation.confident_learning import confident_classes, joint_shares, suspected
from vikt.explanation.label_errors import ADD, REMOVE, LabelErrors, SetLabelErrors
from vikt.fitting.examples import Examples
from vikt.fitting.out_of_fold import OutOfFold, out_of_fold
from vikt.fitting.settings import FitSettings
from vikt.names import MOST_FOLDS, TargetKind
from vikt.progress import Progress, no_progress
from vikt.selection.plan import Plan

# A label needs this many texts with it, and as many without it, to be judged.
_FEWEST_TEXTS = 2


def label_errors_of(
    examples: Examples,
    settings: FitSettings,
    plan: Plan | None = None,
    *,
    folds: int = MOST_FOLDS,
    threads: int = 1,
    progress: Progress = no_progress,
) -> LabelErrors:
    """The labels of examples that are suspected by models that have not seen their texts.

    Parameters are as of `vikt.fitting.out_of_fold.out_of_fold`.

    Raises
    ------
    UsageError
        Labels are soft.
    DataError
        No label can be judged by the texts of others.
    """
    if examples.targets.kind not in _JUDGES:
        raise UsageError(
            "soft labels state how sure they are, so none is called wrong; give one label "
            "per row, such as the most probable"
        )
    if examples.targets.kind == "ordered":
        # That levels are near each other does not make one of them right.
        examples = replace(examples, targets=OneLabel(examples.targets.labels))
    answered = out_of_fold(examples, settings, plan, folds=folds, threads=threads, progress=progress)
    return find_label_errors(examples, answered)


def find_label_errors(examples: Examples, answered: OutOfFold) -> LabelErrors:
    """The labels of examples that are suspected by their out-of-fold probabilities.

    Raises
    ------
    DataError
        No two classes have several texts each, so that no row can be judged by others; or no label has.
    """
    return _JUDGES[examples.targets.kind](examples, answered)


def _of_classes(examples: Examples, answered: OutOfFold) -> LabelErrors:
    reached = answered.is_reached
    if not reached.any():
        raise DataError(
            "label errors are found by comparing the texts of each class, and no two classes here have several texts; "
            "give more texts of each class"
        )
    p, y, classes = np.exp(answered.log_probabilities), examples.y, examples.classes
    own = p[np.arange(len(y)), y]
    guess = np.full(len(y), -1)
    guess[reached] = confident_classes(p[reached], y[reached], examples.weights[reached]).guess
    rows = np.flatnonzero(suspected(guess, p, y))
    # Ties are in canonical order, so that the order of the input tells nothing.
    rows = rows[np.argsort(own[rows], kind="stable")]
    all_scores = np.full(examples.n_input, np.nan)
    all_scores[examples.origin[reached]] = own[reached]
    return LabelErrors(
        examples.origin[rows],
        np.asarray(classes[y[rows]]),
        np.asarray(classes[guess[rows]]),
        own[rows],
        tuple(examples.documents.texts.take(rows).strings()),
        all_scores,
        classes,
        joint_shares(y[reached], guess[reached], examples.weights[reached], len(classes)),
        _unreached(examples, reached),
    )


def _unreached(examples: Examples, reached: Bools) -> dict[str, int]:
    counts = np.bincount(examples.y[~reached], minlength=len(examples.classes)).tolist()
    return {label: n for label, n in zip(spelled_labels(examples.classes), counts, strict=True) if n}


def _of_sets(examples: Examples, answered: OutOfFold) -> SetLabelErrors:
    members, labels = examples.targets.truth(examples.y), examples.classes
    reached = _comparable(examples.groups, members)
    if not reached.any():
        raise DataError(
            "label errors are found by comparing the texts that have a label with those that lack it, and no label "
            "here has at least two texts with it and two without it; give more texts"
        )
    p = np.exp(answered.log_probabilities)
    all_scores = np.full((examples.n_input, len(labels)), np.nan)
    joint = np.zeros((len(labels), 2, 2))
    pairs = np.zeros(p.shape, dtype=bool)
    for k, y in enumerate(members.T.astype(np.int64)):
        if reached[k]:
            all_scores[examples.origin, k], pairs[:, k], joint[k] = _judged(p[:, k], y, examples.weights)
        else:
            # What cannot be judged is taken as it is.
            joint[k] = joint_shares(y, y, examples.weights, 2)
    rows, of_label = np.nonzero(pairs)
    scores = all_scores[examples.origin[rows], of_label]
    # Ties are in canonical order, so that the order of the input tells nothing.
    order = np.argsort(scores, kind="stable")
    rows, of_label = rows[order], of_label[order]
    names = np.array(spelled_labels(labels), dtype=object)
    return SetLabelErrors(
        examples.origin[rows],
        labels[of_label],
        np.where(members[rows, of_label], REMOVE, ADD),
        scores[order],
        tuple(examples.documents.texts.take(rows).strings()),
        all_scores,
        labels,
        joint,
        {str(names[k]): int(members[:, k].sum()) for k in np.flatnonzero(~reached)},
        tuple(tuple(names[own]) for own in members[rows]),
        int(members.sum()),
    )


def _judged(p: Floats, y: Classes, weights: Floats) -> tuple[Floats, Bools, Floats]:
    """What P(label) says of rows with the label and rows without it.

    The probability of what each row is labelled, (m,); whether it is suspected, (m,); and the joint shares, (2, 2).
    """
    both = np.stack([1 - p, p], axis=1)
    guess = confident_classes(both, y, weights).guess
    is_suspected = suspected(guess, both, y)
    # A rare label is confidently there at a low probability already, which is not yet that it is missing.
    guess = np.where((guess == y) | is_suspected, guess, -1)
    return both[np.arange(len(y)), y], is_suspected, joint_shares(y, guess, weights, 2)


def _comparable(groups: Ints, members: Bools) -> Bools:
    """Whether each label is on two texts that no split keeps together, and missing from two: (K,)."""
    return np.array([all(len(np.unique(groups[side])) >= _FEWEST_TEXTS for side in (has, ~has)) for has in members.T])


_JUDGES: dict[TargetKind, Callable[[Examples, OutOfFold], LabelErrors]] = {
    "classes": _of_classes,
    "ordered": _of_classes,
    "several": _of_sets,
}
