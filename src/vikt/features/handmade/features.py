"""Hand-made features.

A feature measures documents (`measure`), each by itself or, in running text, among its neighbours. What must be learnt
of the values, such as a scale or the categories, its `encoder` learns from the rows to fit.

Most features read the text, or the column `column`. In running text, which has one token per row, `offset` = -1 reads
the token before in the sentence, 1 the token after.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np

from vikt.arrays import Bools, Floats
from vikt.corpus.columns import composed
from vikt.corpus.documents import Documents, Pairs
from vikt.corpus.sentences import neighbours, sentence_starts
from vikt.corpus.texts import Texts
from vikt.errors import UsageError, check_known
from vikt.features.handmade.encoders import AnyEncoder, Block, Categories, Encoder, Indices, Scaled, Unscaled
from vikt.features.ngrams.ngrams import FittedNgrams, Ngrams
from vikt.features.ngrams.weighting import WEIGHTINGS

__all__ = [
    "LONGEST_PHRASE",
    "Capitalised",
    "Category",
    "Dense",
    "Feature",
    "FirstInSentence",
    "Length",
    "Lexicon",
    "Number",
    "Numbered",
    "Pattern",
    "Shape",
]

# All parts of a phrase are n-grams, whose memory grows with the square of its length.
LONGEST_PHRASE = 100

MeasuredValue = TypeVar("MeasuredValue")


class MeasuredFeature(Protocol[MeasuredValue]):
    """One hand-made feature.

    Attributes
    ----------
    kind : str
        The name of its class in declarations.
    needs : str or None
        The column that it reads; None is the text.
    is_running : bool
        Whether it reads neighbours, so that the rows must be running text.
    """

    kind: ClassVar[str]

    @property
    def name(self) -> str: ...

    @property
    def needs(self) -> str | None: ...

    @property
    def is_running(self) -> bool: ...

    def measure(self, documents: Documents) -> MeasuredValue:
        """The value of each document."""
        ...

    def encoder(self) -> Encoder[MeasuredValue]:
        """An encoder of its values that has learnt nothing."""
        ...


# A feature of any kind of value.
Feature = MeasuredFeature[Any]


@dataclass(frozen=True, kw_only=True)
class _OfText:
    """A feature that reads the text, or a column, of a row or of its neighbour in the sentence."""

    name: str
    column: str | None = None
    offset: int = 0

    @property
    def needs(self) -> str | None:
        return self.column

    @property
    def is_running(self) -> bool:
        return self.offset != 0

    def strings(self, documents: Documents) -> Texts:
        """The text or column of each row, or of its neighbour."""
        strings = documents.strings(self.column)
        return neighbours(strings, self.offset) if self.offset else strings

    def encoder(self) -> AnyEncoder:
        return Unscaled()


@dataclass(frozen=True, kw_only=True)
class Lexicon(_OfText):
    """1 where a text contains any word or phrase of a list, else 0; case is ignored, and words are whole words.

    Examples
    --------
    >>> Lexicon(name="good", words=("great", "well made")).measure(Documents.of(["Great!", "greatly", "not well made"]))
    array([1., 0., 1.])
    """

    kind: ClassVar[str] = "lexicon"
    words: tuple[str, ...]

    def __post_init__(self) -> None:
        _phrases(self.words)

    def measure(self, documents: Documents) -> Floats:
        ngrams, is_whole = _phrases(self.words)
        rows = ngrams.transform(self.strings(documents))
        found = np.r_[0, np.cumsum(is_whole[rows.indices])]
        return np.asarray(found[rows.indptr[1:]] > found[rows.indptr[:-1]], dtype=np.float64)


@functools.lru_cache(maxsize=64)
def _phrases(words: tuple[str, ...]) -> tuple[FittedNgrams, Bools]:
    """The n-grams of phrases, and which of them are whole phrases rather than parts."""
    texts = Texts.from_strings(words)
    lengths = Ngrams("word", (1, 1), WEIGHTINGS["binary"]).unit_counts(texts)
    if not len(lengths) or lengths.min() == 0:
        raise UsageError(f"words: expected words or phrases, found {words!r:.60}; each needs a letter or a symbol")
    if lengths.max() > LONGEST_PHRASE:
        raise UsageError(
            f"words: expected phrases of at most {LONGEST_PHRASE} words and symbols, found one of {lengths.max()} "
            f"({words[int(lengths.argmax())]!r:.60}); split it"
        )
    ngrams, rows = Ngrams("word", (1, int(lengths.max())), WEIGHTINGS["binary"]).fit_transform(texts)
    whole = ngrams.orders()[rows.indices] == np.repeat(lengths, np.diff(rows.indptr))
    return ngrams, np.isin(np.arange(rows.n_features), rows.indices[whole])


@dataclass(frozen=True, kw_only=True)
class Pattern(_OfText):
    """1 where a regular expression matches somewhere in the text, else 0.

    Patterns have RE2's syntax (https://github.com/google/re2/wiki/Syntax), so that matching takes time linear in the
    text: there is no look-around and no back-reference; `\\w` and `\\d` are ASCII, `\\p{L}` and `\\p{Lu}` any letter
    and capital.

    Examples
    --------
    >>> Pattern(name="money", pattern="[$€] ?[0-9]").measure(Documents.of(["only $1,000", "only 10"])).tolist()
    [1.0, 0.0]
    """

    kind: ClassVar[str] = "pattern"
    pattern: str

    def __post_init__(self) -> None:
        _matches(Texts.from_strings([""]), self.pattern)

    def measure(self, documents: Documents) -> Floats:
        return _matches(self.strings(documents), self.pattern)


@dataclass(frozen=True, kw_only=True)
class Capitalised(_OfText):
    """1 where the text starts with a capital letter, else 0.

    Examples
    --------
    >>> Capitalised(name="capital").measure(Documents.of(["Åsa", "in"])).tolist()
    [1.0, 0.0]
    """

    kind: ClassVar[str] = "capitalised"

    def measure(self, documents: Documents) -> Floats:
        return _matches(self.strings(documents), r"^\p{Lu}")


@dataclass(frozen=True, kw_only=True)
class FirstInSentence:
    """Running text: 1 for the first token of a sentence, else 0.

    Examples
    --------
    >>> FirstInSentence(name="first").measure(Documents.of(["I", "see", ".", "You"])).tolist()
    [1.0, 0.0, 0.0, 1.0]
    """

    kind: ClassVar[str] = "first_in_sentence"
    name: str
    needs: ClassVar[None] = None
    is_running: ClassVar[bool] = True

    def measure(self, documents: Documents) -> Floats:
        return np.asarray(sentence_starts(documents.strings()) == np.arange(len(documents)), dtype=np.float64)

    def encoder(self) -> Unscaled:
        return Unscaled()


@dataclass(frozen=True, kw_only=True)
class Shape(_OfText):
    """The shape of a token, a category: each run of capitals is X, of small letters x, of digits 9.

    Examples
    --------
    >>> list(Shape(name="shape").measure(Documents.of(["McDonald's", "U.S.", "1,000"])))
    [b"XxXx'x", b'X.X.', b'9,9']
    """

    kind: ClassVar[str] = "shape"

    def measure(self, documents: Documents) -> Texts:
        import pyarrow.compute as pc

        shapes = _arrow(self.strings(documents))
        for pattern, sign in ((r"\p{Lu}+", "X"), (r"[\p{Ll}\p{Lo}\p{Lm}\p{Mn}]+", "x"), (r"\p{Nd}+", "9")):
            shapes = pc.replace_substring_regex(shapes, pattern, sign)
        return Texts.from_arrow(shapes)

    def encoder(self) -> Categories:
        return Categories(least=2)


@dataclass(frozen=True, kw_only=True)
class Category(_OfText):
    """The value itself: one column per value that is in `min_rows` of the rows to fit, or only for `values`.

    Without a column it is the text itself, as of tokens; texts of several words are refused.

    Examples
    --------
    >>> documents = Documents.of({"text": ["Hi"], "sender": ["kth.se"]})
    >>> list(Category(name="domain", column="sender").measure(documents))
    [b'kth.se']
    """

    kind: ClassVar[str] = "category"
    min_rows: int = 1
    values: tuple[str, ...] = ()

    def measure(self, documents: Documents) -> Texts:
        values = self.strings(documents)
        if values.content.isascii():
            return values
        # What reads alike is one category.
        composed_of = {value: composed(value.decode("utf-8", "surrogatepass")) for value in set(values)}
        return Texts.from_strings(composed_of[value] for value in values)

    def encoder(self) -> Categories:
        values = tuple(dict.fromkeys(map(composed, self.values)))
        return Categories(self.min_rows, values, text_of=self.name if self.column is None else None)


@dataclass(frozen=True, kw_only=True)
class Length(_OfText):
    """ln(1 + the number of characters, or words), scaled.

    Examples
    --------
    >>> Length(name="length", unit="words").measure(Documents.of(["two words", ""])).round(4).tolist()
    [1.0986, 0.0]
    """

    kind: ClassVar[str] = "length"
    unit: str = "characters"

    def __post_init__(self) -> None:
        check_known("unit", self.unit, _UNITS)

    def measure(self, documents: Documents) -> Floats:
        units = Ngrams(_UNITS[self.unit], (1, 1), WEIGHTINGS["counts"], lowercase=False)
        return np.asarray(np.log1p(units.unit_counts(self.strings(documents))))

    def encoder(self) -> Scaled:
        return Scaled()


_UNITS = {"characters": "char", "words": "word"}


@dataclass(frozen=True, kw_only=True)
class _OfColumn:
    """A feature that reads a column, by default the one of its own name."""

    name: str
    column: str | None = None
    is_running: ClassVar[bool] = False

    @property
    def needs(self) -> str:
        return self.column or self.name


@dataclass(frozen=True, kw_only=True)
class Number(_OfColumn):
    """A number, scaled."""

    kind: ClassVar[str] = "number"

    def measure(self, documents: Documents) -> Floats:
        return documents.numbers(self.needs)

    def encoder(self) -> Scaled:
        return Scaled()


@dataclass(frozen=True, kw_only=True)
class Dense(_OfColumn):
    """A row of numbers, such as an embedding, with one scale for all."""

    kind: ClassVar[str] = "dense"

    def measure(self, documents: Documents) -> Floats:
        return documents.vectors(self.needs)

    def encoder(self) -> Block:
        return Block()


@dataclass(frozen=True, kw_only=True)
class Numbered(_OfColumn):
    """Pairs of index and value, as in svmlight files, unscaled."""

    kind: ClassVar[str] = "numbered"

    def measure(self, documents: Documents) -> Pairs:
        return documents.pairs(self.needs)

    def encoder(self) -> Indices:
        return Indices()


def _matches(texts: Texts, pattern: str) -> Floats:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        return np.asarray(pc.match_substring_regex(_arrow(texts), pattern), dtype=np.float64)
    except (pa.ArrowInvalid, UnicodeEncodeError) as error:
        reason = " ".join(str(error).removeprefix("Invalid regular expression: ").split())
        raise UsageError(
            f"pattern: {pattern!r:.80} is invalid ({reason}); patterns have RE2's syntax, without look-around and "
            "back-references"
        ) from None


def _arrow(texts: Texts) -> Any:
    import pyarrow as pa

    buffers = [None, pa.py_buffer(np.ascontiguousarray(texts.offsets)), pa.py_buffer(texts.content)]
    return pa.Array.from_buffers(pa.large_string(), len(texts), buffers)
