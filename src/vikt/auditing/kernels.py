"""Nearly equal rows, as loops: all pairs of rows whose cosine is above a limit.

The columns of rows go from the commonest feature to the rarest, and rows have length 1. The rare end of a row is what
is left when the longest part of length REST or less is cut off its common end. Of the features that two rows share, let
those at both rare ends add `shared` to their cosine. The others all lie before the rare end of one of the two, so they
add at most REST. A pair whose cosine is at least `lowest` thus has a `shared` of lowest - REST or more, which rare
features alone decide: few rows hold them.
"""

from __future__ import annotations

from vikt.compiled.array_types import Float32s, Float64s, Int32s, Int64s, Reals

NONE = -1
REST = 0.65


def rare_ends(indptr: Int64s, values: Reals, starts: Int64s) -> None:
    """Where the rare end of each row starts."""
    for row in range(len(starts)):
        squares = 0.0
        entry = indptr[row]
        while entry < indptr[row + 1]:
            squares += 1.0 * values[entry] * values[entry]
            if squares > REST * REST:
                break
            entry += 1
        starts[row] = entry


def holders(indptr: Int64s, indices: Int32s, starts: Int64s, n_older: int, first_of: Int64s) -> None:
    """The rows that hold each column at their rare end: those of column c have places first_of[c]..first_of[c + 1]."""
    for row in range(n_older):
        for entry in range(starts[row], indptr[row + 1]):
            first_of[indices[entry] + 1] += 1
    for column in range(len(first_of) - 1):
        first_of[column + 1] += first_of[column]


def near_rows(
    indptr: Int64s,
    indices: Int32s,
    values: Reals,
    starts: Int64s,
    first_of: Int64s,
    ends: Int64s,
    rows: Int32s,
    weights: Float32s,
    n_older: int,
    lowest: float,
    most: int,
    shared: Float64s,
    candidates: Int64s,
    partner: Int64s,
) -> int:
    """For each row the nearest of the rows before it, and before `n_older`, if their cosine is at least `lowest`.

    Parameters
    ----------
    indptr, indices, values
        The rows.
    starts
        As `rare_ends` gives them.
    first_of, ends, rows, weights
        For each column a place in `rows`, as `holders` gives it; the same, copied; and room for all holders of columns
        and the values that they hold. All but the first are filled as rows come by.
    most : int
        With how many holders of a column a row is compared, the latest.
    shared, candidates : (rows,)
        Working memory, zeros.
    partner : (rows,)
        The result; NONE where there is none.

    Returns
    -------
    int
        How many rows without a partner had more holders of a column to be compared with.
    """
    n_cut = 0
    for row in range(len(partner)):
        n = 0
        is_cut = False
        for entry in range(starts[row], indptr[row + 1]):
            column = indices[entry]
            end = ends[column]
            first = max(first_of[column], end - most)
            is_cut |= first > first_of[column]
            for place in range(first, end):
                other = rows[place]
                if shared[other] == 0.0:
                    candidates[n] = other
                    n += 1
                shared[other] += 1.0 * values[entry] * weights[place]
            if row < n_older:
                rows[end] = row
                weights[end] = values[entry]
                ends[column] = end + 1
        best = lowest
        partner[row] = NONE
        for i in range(n):
            other = candidates[i]
            if shared[other] + REST >= best:
                near = cosine(indptr, indices, values, row, other)
                if near > best or (near >= lowest and partner[row] == NONE):
                    best = near
                    partner[row] = other
            shared[other] = 0.0
        n_cut += is_cut and partner[row] == NONE
    return n_cut


def cosine(indptr: Int64s, indices: Int32s, values: Reals, a: int, b: int) -> float:
    """The product of two rows."""
    i, j, total = indptr[a], indptr[b], 0.0
    end_i, end_j = indptr[a + 1], indptr[b + 1]
    while i < end_i and j < end_j:
        x, y = indices[i], indices[j]
        if x == y:
            total += 1.0 * values[i] * values[j]
        i += x <= y
        j += y <= x
    return total


def telling_features(
    indptr: Int64s,
    indices: Int32s,
    y: Int64s,
    first_of: Int64s,
    labels: Int32s,
    counts: Int64s,
    best: Int64s,
    together: Int64s,
) -> None:
    """For each of the first columns the class that most of its rows have, and how many of them have it.

    Parameters
    ----------
    indptr, indices
        The rows, indices rising.
    y : (rows,)
        The class of each row.
    first_of : (columns + 1,)
        Column c is in first_of[c + 1] - first_of[c] rows; it is moved on by as many.
    labels : (first_of[-1],)
        Working memory.
    counts : (classes,)
        Working memory, zeros.
    best, together : (columns,)
        The result.
    """
    n_columns = len(best)
    for row in range(len(y)):
        for entry in range(indptr[row], indptr[row + 1]):
            column = indices[entry]
            if column >= n_columns:
                break
            labels[first_of[column]] = y[row]
            first_of[column] += 1
    start = 0
    for column in range(n_columns):
        end = first_of[column]
        most = 0
        for place in range(start, end):
            k = labels[place]
            counts[k] += 1
            if counts[k] > most:
                most = counts[k]
                best[column] = k
        together[column] = most
        for place in range(start, end):
            counts[labels[place]] = 0
        start = end
