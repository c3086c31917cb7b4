"""The canonical order of rows, and the splits: both depend on the content of rows, never on their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Floats, Ints, LabelArray, RowIndices
from vikt.corpus.texts import Texts


def canonical_order(
    keys: LabelArray, content_of: Callable[[int], object], labels: ArrayLike, weights: ArrayLike
) -> Ints:
    """The order of rows by (key, content, label, weight), which is also a shuffle.

    Parameters
    ----------
    keys : (m,)
        A hash of each row's content, such as `Digests.keys`.
    content_of : callable
        The content of a row; called only where keys are equal.
    labels, weights : (m,)
        Anything that sorts.

    Returns
    -------
    ndarray, (m,)
        Row indices. The same rows are put in the same order, whatever order they arrive in.
    """
    labels, weights = np.asarray(labels), np.asarray(weights)
    order = np.lexsort((weights, labels, keys))
    ordered = keys[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    ends = np.append(starts[1:], len(order))
    repeated = np.flatnonzero(ends - starts > 1)
    for a, b in zip(starts[repeated].tolist(), ends[repeated].tolist(), strict=True):
        # Rows of one key are duplicates, or their hashes collide: then their contents decide.
        rows = order[a:b].tolist()
        if len({content_of(i) for i in rows}) > 1:
            order[a:b] = sorted(rows, key=lambda i: (content_of(i), labels[i], weights[i]))
    return order


def group_ranks(groups: Sequence[bytes] | Texts, keys: LabelArray) -> Ints:
    """The rank of each row's group by its key, the same for equal groups: (m,).

    Parameters
    ----------
    groups : (m,)
        The group of each row: its own content, or the sentence of a token.
    keys : (m,)
        A hash of each, such as `Digests.keys`.
    """
    order = canonical_order(keys, groups.__getitem__, np.zeros(len(keys)), np.zeros(len(keys)))
    ranks = np.empty(len(keys), dtype=np.int64)
    ranks[order] = content_ranks(keys[order], lambda i: groups[order[i]])
    return ranks


def content_ranks(keys: LabelArray, content_of: Callable[[int], object]) -> Ints:
    """The rank of each row's content among the different contents, of rows in canonical order: (m,).

    Examples
    --------
    >>> content_ranks(np.array([3, 3, 7]), [b"a", b"b", b"c"].__getitem__).tolist()
    [0, 1, 2]
    """
    starts = np.ones(len(keys), dtype=bool)
    starts[1:] = keys[1:] != keys[:-1]
    for i in np.flatnonzero(~starts).tolist():
        starts[i] = content_of(i) != content_of(i - 1)
    return np.asarray(np.cumsum(starts) - 1)


def merged_rows(contents: Ints, labels: Ints, weights: Floats) -> tuple[RowIndices, Floats]:
    """Merge equal rows of one label: the first row of each run, and its joint weight.

    Weight 2 is then the row twice, to the last bit.

    Parameters
    ----------
    contents : (m,)
        As `content_ranks` gives it: equal for equal contents, which stand together.
    labels, weights : (m,)

    Examples
    --------
    >>> rows, weights = merged_rows(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), np.ones(4))
    >>> rows.tolist(), weights.tolist()
    ([0, 2, 3], [2.0, 1.0, 1.0])
    """
    starts = np.ones(len(labels), dtype=bool)
    starts[1:] = (contents[1:] != contents[:-1]) | (labels[1:] != labels[:-1])
    first = np.flatnonzero(starts)
    return first, np.add.reduceat(weights, first) if len(first) else weights


def split_tenths(group: Ints, y: Ints, tenths: int) -> list[Ints]:
    """Split off tenths of the rows, stratified by label.

    Rows of one group stay together, so that a duplicate is never on both sides. The stratum of a group is its most
    frequent label. Within a stratum the last tenth of the groups is split off, then the tenth before it, each rounded
    down.

    Parameters
    ----------
    group : (m,)
        As `group_ranks` returns it.
    y : (m,)
        Class indices.
    tenths : int
        How many.

    Returns
    -------
    list of ndarray
        The rows that remain, then the tenths in their order.
    """
    stratum = group_strata(group, y)
    totals = np.bincount(stratum)
    part = parts_of_groups(stratum, np.zeros_like(totals), totals, tenths)
    return rows_of_parts(part[group], tenths)


def parts_of_groups(stratum: Ints, before: Ints, totals: Ints, tenths: int) -> Ints:
    """The part of each of some groups that follow one another: 0 where it remains, then the tenths by number.

    Parameters
    ----------
    stratum : (g,)
        As `group_strata` returns it.
    before, totals : (K,)
        How many groups of each stratum come before these, and how many there are in all.
    tenths : int
        How many are split off.

    Examples
    --------
    >>> parts_of_groups(np.array([0, 0, 0]), np.array([17]), np.array([20]), 2).tolist()
    [1, 2, 2]
    """
    order = np.argsort(stratum, kind="stable")
    counts = np.bincount(stratum, minlength=len(totals))
    rank = np.empty(len(stratum), dtype=np.int64)
    rank[order] = np.arange(len(stratum)) + np.repeat(before - (np.cumsum(counts) - counts), counts)
    return parts_of_ranks(rank, totals[stratum], tenths)


def parts_of_ranks(rank: Ints, totals: Ints, tenths: int) -> Ints:
    """The part of groups by their ranks in their strata, of which each has that many groups; it rises with the rank."""
    tenth, from_end = totals // 10, totals - 1 - rank
    return np.where(from_end < tenths * tenth, tenths - from_end // np.maximum(tenth, 1), 0)


def rows_of_parts(part: Ints, tenths: int) -> list[Ints]:
    """The rows that remain, then those of each tenth, from the part of each row."""
    return [np.flatnonzero(part == p) for p in range(tenths + 1)]


def split_folds(group: Ints, y: Ints, folds: int) -> list[Ints]:
    """Split rows into folds of nearly equal numbers of groups, stratified by label.

    Strata are those of `split_tenths`. Groups are dealt out to folds in turn, stratum by stratum and by rank within
    each, so that no two folds differ by more than one group, within a stratum or in all. Folds are empty where there
    are too few groups.

    Parameters
    ----------
    group : (m,)
        As `group_ranks` returns it.
    y : (m,)
        Class indices.
    folds : int

    Returns
    -------
    list of ndarray
        The rows of each fold.

    Examples
    --------
    >>> [fold.tolist() for fold in split_folds(np.array([0, 0, 1, 2, 3]), np.array([0, 0, 1, 0, 1]), 2)]
    [[0, 1, 2], [3, 4]]
    """
    stratum = group_strata(group, y)
    fold = np.empty(len(stratum), dtype=np.int64)
    fold[np.argsort(stratum, kind="stable")] = np.arange(len(stratum)) % folds
    return [np.flatnonzero(fold[group] == f) for f in range(folds)]


def group_strata(group: Ints, y: Ints) -> Ints:
    """The stratum of each group, its most frequent label; ties go to the first."""
    n_groups, n_classes = int(group.max()) + 1, int(y.max()) + 1
    votes = np.bincount(group * n_classes + y, minlength=n_groups * n_classes).reshape(n_groups, n_classes)
    return np.asarray(votes.argmax(axis=1))
