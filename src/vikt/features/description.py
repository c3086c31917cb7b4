"""Facts on what features learnt, and the sentence for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fact:
    """Something that users should know of a hand-made feature, or of n-grams; `kind` is a name in `SENTENCES`."""

    kind: str
    feature: str = ""
    numbers: Mapping[str, float] = field(default_factory=dict)


def _hashing(n: Mapping[str, float]) -> str:
    return (
        f"n-grams hashed into {n['columns']:,} of {n['buckets']:,} buckets; several different ones share "
        f"{n['shared']:,} of them"
    )


def _indices(n: Mapping[str, float]) -> str:
    base = "from 0" if n["least"] == 0 else "from 1: none is 0"
    return f"{n['indices']:,} indices, {n['least']} to {n['largest']}, counted {base}"


SENTENCES: dict[str, Callable[[Mapping[str, float]], str]] = {
    "hashing": _hashing,
    "constant": lambda n: f"{n['mean']:.6g} in every row, so it says nothing",
    "scaled": lambda n: f"(value - {n['mean']:.6g}) / {n['scale']:.6g}, its mean and two standard deviations",
    "block": lambda n: f"{n['width']} numbers, divided by {n['scale']:.6g}, the root of their mean square length",
    "categories": lambda n: f"{n['values']:,} values",
    "no indices": lambda n: "no index has a value",
    "indices": _indices,
}


def sentence(fact: Fact) -> str:
    """A fact in words.

    Examples
    --------
    >>> sentence(Fact("categories", "sender", {"values": 1200}))
    'sender: 1,200 values'
    """
    words = SENTENCES[fact.kind](fact.numbers)
    return f"{fact.feature}: {words}" if fact.feature else words


def sentences(facts: Iterable[Fact]) -> list[str]:
    """Facts in words."""
    return [sentence(fact) for fact in facts]
