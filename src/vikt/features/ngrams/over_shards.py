"""Learns n-grams from texts that are too many for memory, shard by shard, in one or several turns."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from threading import Lock

from vikt.arrays import Ids
from vikt.compiled import compiled
from vikt.errors import UsageError
from vikt.features.ngrams import learning_kernels
from vikt.features.ngrams.learning import EntryKeeper, Learner, learn_more
from vikt.features.ngrams.ngrams import FittedNgrams, Ngrams
from vikt.features.ngrams.sieve import MOST_BYTES, Sieve
from vikt.features.ngrams.turns import ShardTexts, Turns
from vikt.threads import running


def learnt_over(
    turns: Turns,
    ngrams: Ngrams,
    n_documents: int,
    n_ngrams: float,
    *,
    most_bytes: int = MOST_BYTES,
    threads: int = 1,
    keeper_of: Callable[[int], EntryKeeper] | None = None,
) -> tuple[FittedNgrams, list[Ids]]:
    """Learn what `Ngrams.fit_transform` learns from all texts in memory, to the last bit, and make no rows.

    The texts are read twice; once if n-grams are hashed, or if none is too rare.

    Parameters
    ----------
    turns : Turns
        Goes through the texts. The number of turns changes no bit.
    ngrams : Ngrams
    n_documents : int
        How many texts there are.
    n_ngrams : float
        How many n-grams they have, roughly, each counted as often as it occurs.
    most_bytes : int
        The most memory for the counters that tell rare n-grams. With fewer counters, more rare n-grams take memory on
        the way.
    threads : int
        How many threads work on a shard.
    keeper_of : Callable, optional
        Gives what is to keep the entries of a shard, by its number; the ids of several turns have nothing in common.

    Returns
    -------
    FittedNgrams
    list of arrays
        For each space the column of each id that was learnt, NONE where it has none.

    Raises
    ------
    UsageError
        There is a limit on the number of features.
    EmptyVocabularyError
        No feature is left.
    """
    if ngrams.max_features is not None:
        raise UsageError("max_features needs all texts in memory; leave it out, or raise min_df")
    sieve = _sieve(ngrams, n_documents, n_ngrams, most_bytes)
    if sieve:
        sieve, *others = turns("counting n-grams", count_ngrams, sieve, ngrams, threads)
        for later in others:
            sieve.add(later)
    learners = turns("learning n-grams", learn_ngrams, _new_learner(ngrams), ngrams, sieve, threads, keeper_of)
    # Gone before columns are chosen.
    del sieve
    while len(learners) > 1:
        learners[0].absorb(learners.pop(1))
    return ngrams.chosen(learners.pop().learnt(), [], n_documents)


def _sieve(ngrams: Ngrams, n_documents: int, n_ngrams: float, most_bytes: int) -> Sieve | None:
    """What is to hold back n-grams that are too rare; None if none is, or if they are hashed."""
    fewest = math.ceil(ngrams.limits.of(n_documents)[0])
    if ngrams.hashing is not None or fewest < 2:
        return None
    return Sieve.of(ngrams.lengths.stop - 1, fewest, n_ngrams, most_bytes)


def _new_learner(ngrams: Ngrams) -> Learner:
    return ngrams.new_learner(compiled(learning_kernels.__name__))


# The work of one shard.


def count_ngrams(shard: ShardTexts, sieve: Sieve, ngrams: Ngrams, threads: int) -> Sieve:
    """The sieve, after it has counted the n-grams of a shard too."""
    portions, counting = ngrams.portions(shard.texts), Lock()

    def count(documents: tuple[int, int]) -> None:
        tokens = ngrams.tokens(portions, documents)
        hashes = sieve.hashes(tokens)
        with counting:
            sieve.count(hashes, tokens.edges)

    with running(threads) as run:
        list(run(count, portions.ranges()))
    return sieve


def learn_ngrams(
    shard: ShardTexts,
    learner: Learner,
    ngrams: Ngrams,
    sieve: Sieve | None,
    threads: int,
    keeper_of: Callable[[int], EntryKeeper] | None,
) -> Learner:
    """The learner, after it has learnt the n-grams of a shard too, except those that the sieve holds back."""
    portions = ngrams.portions(shard.texts)
    ranges = list(portions.ranges())
    n_learners = ngrams.n_learners(min(threads, len(ranges)), shard.texts.n_bytes)
    learners = [learner, *(_new_learner(ngrams) for _ in range(1, n_learners))]
    keeper = keeper_of(shard.number) if keeper_of else None
    with running(threads) as run:
        learn_more(learners, partial(ngrams.tokens, portions), ranges, sieve, run, keeper)
    return learner
