"""Labels that may be spellings of one label: they differ by case and blanks, or by one letter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

# Shorter labels, such as codes of two letters, are not misspellings of one another.
_FEWEST_LETTERS = 4
# Shorter labels may differ by one letter on purpose, as "like" and "lime" do, unless one of them is rare.
_LONG, _RARE = 7, 0.1


def respelled(labels: Iterable[str]) -> list[list[str]]:
    """Groups of labels that differ only by case or blanks.

    Examples
    --------
    >>> respelled(["pos", "neg", "Pos "])
    [['Pos ', 'pos']]
    """
    spellings = defaultdict(list)
    for label in sorted(set(labels)):
        spellings[_folded(label)].append(label)
    return [group for group in spellings.values() if len(group) > 1]


def misspelt(counts: Mapping[str, int]) -> list[tuple[str, str]]:
    """Pairs of labels that differ by one letter, or by two neighbours in the other order: the rarer, the commoner.

    Labels that differ only in a digit are not meant, nor two of fewer than four letters; labels of fewer than seven
    letters are meant only where one has at most a tenth of the other's rows. Case and blanks do not count.

    Parameters
    ----------
    counts : mapping of str to int
        The number of rows of each label.

    Examples
    --------
    >>> misspelt({"positive": 90, "postive": 2, "negative": 80, "class1": 9, "class2": 9})
    [('postive', 'positive')]
    """
    of_spelling: dict[str, str] = {}
    for label in sorted(counts, key=lambda label: (-counts[label], label)):
        of_spelling.setdefault(_folded(label), label)
    pairs = []
    for rare, common in _one_letter_apart(list(of_spelling)):
        labels = sorted((of_spelling[rare], of_spelling[common]), key=lambda label: (counts[label], label))
        is_rare = counts[labels[0]] <= _RARE * counts[labels[1]]
        if is_rare or min(len(rare), len(common)) >= _LONG:
            pairs.append((labels[0], labels[1]))
    return sorted(pairs)


def _folded(label: str) -> str:
    return " ".join(label.casefold().split())


def _one_letter_apart(spellings: list[str]) -> Iterator[tuple[str, str]]:
    """The pairs one letter apart: those that are equal once a letter of one, the other or both is left out."""
    holders = defaultdict(set)
    for spelling in spellings:
        holders[spelling].add(spelling)
        for i in range(len(spelling)):
            holders[spelling[:i] + spelling[i + 1 :]].add(spelling)
    alike = ((a, b) for group in holders.values() for a in group for b in group if a < b)
    pairs = {pair for pair in alike if max(map(len, pair)) >= _FEWEST_LETTERS}
    return (pair for pair in sorted(pairs) if _is_typing_error(*pair))


def _is_typing_error(a: str, b: str) -> bool:
    """Whether two labels are one insertion, deletion, substitution or swap of neighbours apart, of letters."""
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    a, b = a[start:], b[start:]
    end = next((i for i, (x, y) in enumerate(zip(a[::-1], b[::-1], strict=False)) if x != y), min(len(a), len(b)))
    rest_a, rest_b = a[: len(a) - end], b[: len(b) - end]
    if not (rest_a + rest_b).isalpha():
        return False
    is_swap = len(rest_a) == 2 and rest_a == rest_b[::-1]
    return is_swap or (len(rest_a) <= 1 and len(rest_b) <= 1)
