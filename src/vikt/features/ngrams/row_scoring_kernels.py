"""Ids of n-grams to scores, without keeping rows; for scores by records see `scoring_kernels`."""

from __future__ import annotations

from vikt.compiled.array_types import Float64Matrix, RealMatrix
from vikt.compiled.intrinsics import FORWARD, prefetch
from vikt.features.ngrams.row_kernels import Occurrences, Room, Weighing, weighted_row


def score_rows(found: Occurrences, weighing: Weighing, room: Room, theta: RealMatrix, scores: Float64Matrix) -> None:
    """The part of each document's row in its scores, by weights θ, (columns, K), without keeping or sorting the row."""
    edges, columns, weights = found.edges, room.columns, room.weights
    n_classes = theta.shape[1]
    for d in range(scores.shape[0]):
        n, scale = weighted_row(found, edges[d], edges[d + 1], weighing, room)
        for j in range(n):
            prefetch(theta, columns[j])
        if n_classes == 1:
            # A single sum need not leave the register.
            score = 0.0
            for j in range(n):
                score += weights[j] * theta[columns[j] & FORWARD, 0]
            scores[d, 0] = score * scale
            continue
        for k in range(n_classes):
            scores[d, k] = 0.0
        for j in range(n):
            column = columns[j] & FORWARD
            weight = weights[j] * scale
            for k in range(n_classes):
                scores[d, k] += weight * theta[column, k]
