"""Texts held as bytes, and some of them in any order, which share the bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vikt.corpus.texts import Texts

STRINGS = st.lists(st.sampled_from(["", " ", "a", "två", "—ett ord", "\t\n"]), max_size=8)


@given(STRINGS, st.data())
def test_taken_texts_are_those_texts_whatever_is_asked_of_them(strings, data):
    rows = data.draw(st.lists(st.integers(0, len(strings) - 1), max_size=12) if strings else st.just([]))
    again = data.draw(st.permutations(range(len(rows))))
    taken, expected = Texts.from_strings(strings).take(rows).take(again), [strings[rows[i]] for i in again]
    assert taken.strings() == [taken[i].decode() for i in range(len(taken))] == expected
    assert (len(taken), taken.content.decode()) == (len(expected), "".join(expected))
    assert taken.n_bytes == len(taken.content) == taken.offsets[-1]
    assert taken.lengths.tolist() == list(map(len, expected))
    assert taken.n_blank == sum(not text.strip() for text in expected)
    assert Texts.joined([taken, Texts.from_strings(strings)]).strings() == expected + strings


@given(STRINGS, st.data())
def test_a_run_of_texts_follows_in_memory(strings, data):
    rows = data.draw(st.permutations(range(len(strings))))
    first = data.draw(st.integers(0, len(strings)))
    last = data.draw(st.integers(first, len(strings)))
    run = Texts.from_strings(strings).take(rows).run(first, last)
    assert run.strings() == [strings[row] for row in rows[first:last]]
    assert [run.content[a:b].decode() for a, b in zip(run.offsets, run.offsets[1:], strict=False)] == run.strings()
