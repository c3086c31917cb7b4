"""Texts of several requests, answered together: many texts at once take a fraction of the time of one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from vikt.answers.columns import Answers
from vikt.server.served import array_of


@dataclass(frozen=True)
class TextRequest:
    """The texts of a request, and what answers them."""

    answers: Answers
    texts: list[str]


def answer_batch(requests: Sequence[TextRequest]) -> list[object]:
    """The answers to each request as an array of JSON, or what went wrong with it."""
    outcomes: list[object] = [None] * len(requests)
    groups = defaultdict(list)
    for place, request in enumerate(requests):
        groups[id(request.answers)].append(place)
    for places in groups.values():
        for place, outcome in zip(places, _of_group([requests[place] for place in places]), strict=True):
            outcomes[place] = outcome
    return outcomes


def _of_group(group: list[TextRequest]) -> list[object]:
    """The same for requests of one model with the same options."""
    try:
        lines = group[0].answers.lines(list(chain.from_iterable(request.texts for request in group)), as_json=True)
    except Exception as error:
        return [error] if len(group) == 1 else [outcome for request in group for outcome in _of_group([request])]
    if len(group) == 1:
        return [array_of(lines)]
    single = iter(lines.splitlines(keepends=True))
    return [array_of(b"".join(next(single) for _ in request.texts)) for request in group]
