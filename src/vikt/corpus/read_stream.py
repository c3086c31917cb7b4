"""Bytes in: a file opened and decompressed, or refused with one clear line; its lines as UTF-8."""

from __future__ import annotations

import codecs
import errno
import functools
import io
import shlex
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from vikt.corpus.decompression import ExpansionError, decompressed
from vikt.corpus.remarks import Remarks
from vikt.errors import EncodingError, InputFileError
from vikt.names import nearest
from vikt.tables import size

STANDARD_INPUT = "standard input"

_MARK = "\ufeff"
# To compare one byte of each line costs less than to compare all three.
_MARKED = codecs.BOM_UTF8[0]

_CONVERT = "iconv -f {} -t UTF-8"
_NAME_FORMAT = "name its format"
# UTF-32's little-endian mark starts with UTF-16's, so it comes first.
_SIGNATURES: dict[bytes, tuple[str, str]] = {
    codecs.BOM_UTF32_LE: ("UTF-32", _CONVERT.format("UTF-32")),
    codecs.BOM_UTF32_BE: ("UTF-32", _CONVERT.format("UTF-32")),
    codecs.BOM_UTF16_LE: ("UTF-16", _CONVERT.format("UTF-16")),
    codecs.BOM_UTF16_BE: ("UTF-16", _CONVERT.format("UTF-16")),
    b"\x1f\x8b": ("gzip", "decompress it: gzip -dc FILE"),
    b"\x28\xb5\x2f\xfd": ("Zstandard", "decompress it: zstd -dc FILE"),
    b"PAR1": ("Parquet", _NAME_FORMAT),
    b"ARROW1": ("Arrow", _NAME_FORMAT),
    b"PK\x03\x04": ("a zip archive or a spreadsheet", "extract it, or save the sheet as CSV in UTF-8"),
}
# No line, and no document of a folder, is longer: a file without line ends must not fill the memory.
LONGEST_LINE = 1 << 30
# A line that is longer comes in pieces, where these are asked for.
_LONGEST_PIECE = 1 << 20
_LONGEST_CHARACTER = 4
COMPRESSED_SUFFIXES = (".gz", ".zst")
_LATIN_1 = ("another encoding, often Latin-1", _CONVERT.format("LATIN1"))

_REFUSALS: dict[type[Exception], str] = {
    FileNotFoundError: "there is no such file; check the path",
    IsADirectoryError: "expected a file, found a folder; name a file in it",
    PermissionError: "reading it is not permitted; allow it with chmod u+r, or copy the file",
}


def open_input(path: str | Path) -> BinaryIO:
    """Open a file for reading bytes; gzip and Zstandard, known by their first bytes, are decompressed on the way.

    Raises
    ------
    InputFileError
        There is no such file, it is a folder, or reading it is not permitted.
    """
    return decompressed(open_stored(Path(path)))


def open_stored(path: Path) -> io.BufferedReader:
    """Open a file for reading the bytes that are stored. Raises InputFileError as `open_input` does."""
    try:
        return path.open("rb")
    except (OSError, ValueError) as error:
        reason = _REFUSALS.get(type(error), f"cannot be opened ({error}); check the path")
        raise InputFileError(f"{path}: {reason}{_near(path)}") from None


def standard_input() -> BinaryIO:
    """Standard input as bytes, decompressed as a file is.

    Raises
    ------
    InputFileError
        The shell has closed it, or it cannot be read.
    """
    try:
        return decompressed(cast(io.BufferedReader, sys.stdin.buffer))
    except OSError as error:
        raise reading_failed(STANDARD_INPUT, error) from None


def suffix_of(path: str | Path) -> str:
    """The suffix that shows a file's format: the last one except .gz and .zst.

    Examples
    --------
    >>> suffix_of("mails.TSV.gz")
    '.tsv'
    """
    suffixes = [suffix.lower() for suffix in Path(path).suffixes if suffix.lower() not in COMPRESSED_SUFFIXES]
    return suffixes[-1] if suffixes else ""


def _near(path: Path) -> str:
    """A hint at a similar file of the same suffix, which counts for nothing in the likeness."""
    try:
        others = [] if path.exists() else [entry for entry in path.parent.iterdir() if entry.suffix == path.suffix]
    except (OSError, ValueError):
        return ""
    near = nearest(path.stem, [other.stem for other in others])
    return "" if near is None else f' (did you mean "{path.with_name(near + path.suffix)}"?)'


class Lines:
    """The lines of a stream as text, each with its end; only a line feed ends one.

    Attributes
    ----------
    number, offset : int
        Lines and bytes handed out so far.
    row_start : int, optional
        The line on which the present row starts, where rows may span lines: a byte-order mark at the start of its
        other lines is text.
    blank : int
        Blank lines that a reader of tables has skipped.
    remarks : Remarks
        What was noticed in them.

    Examples
    --------
    >>> list(Lines([b"one\\n", "två".encode()], "here"))
    ['one\\n', 'två']
    """

    def __init__(self, stream: Iterable[bytes], origin: str) -> None:
        # What has no lines to read is gone through once.
        self.stream = stream if hasattr(stream, "readline") else iter(stream)
        self.origin = origin
        self.number = 0
        self.offset = 0
        self.row_start: int | None = None
        self.blank = 0
        self.remarks = Remarks()

    def __iter__(self) -> Iterator[str]:
        try:
            for line in lines_of(self.stream):
                self.number += 1
                check_length(len(line), f"{self.origin}, line {self.number}")
                text = self._decoded(line)
                self.offset += len(line)
                yield text
        except OSError as error:
            raise reading_failed(f"{self.origin}, after line {self.number}", error) from None

    def pieces(self) -> Iterator[str]:
        """The same text, long lines in pieces. After the end of a line, further ones can be read as lines instead."""
        held, is_start = b"", True
        try:
            for piece in _pieces_of(self.stream):
                held += piece
                n = _n_whole(held)
                if n:
                    self.number += is_start
                    text = self._decoded(held[:n]) if is_start else self._decoded_rest(held[:n])
                    self.offset += n
                    held, is_start = held[n:], piece.endswith(b"\n")
                    yield text
        except OSError as error:
            raise reading_failed(f"{self.origin}, after line {self.number}", error) from None
        self.number += is_start and bool(held)
        self._decoded_rest(held)

    def whole(self, first: str, pieces: Iterator[str]) -> str:
        """The whole line of which `first` is the first piece, and further ones follow."""
        held, n = [first], len(first)
        while n < LONGEST_LINE and not held[-1].endswith("\n") and (piece := next(pieces, "")):
            held.append(piece)
            n += len(piece)
        check_length(n, f"{self.origin}, line {self.number}")
        return "".join(held)

    def _decoded_rest(self, content: bytes) -> str:
        return decoded(content, self.origin, self.number, self.offset)

    def _decoded(self, line: bytes) -> str:
        try:
            if self.offset:
                if line[0] == _MARKED and line.startswith(codecs.BOM_UTF8) and self.row_start in (None, self.number):
                    self.remarks.add("mark", self.number)
                    return line.decode().removeprefix(_MARK)
                return line.decode()
        except UnicodeDecodeError:
            pass  # `decoded` says what is wrong
        return decoded(line, self.origin, self.number, self.offset)


def _pieces_of(stream: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a stream, long ones in pieces."""
    readline = getattr(stream, "readline", None)
    if readline is not None:
        yield from iter(functools.partial(readline, _LONGEST_PIECE), b"")
        return
    for line in stream:
        yield from (line[at : at + _LONGEST_PIECE] for at in range(0, len(line), _LONGEST_PIECE))


def _n_whole(content: bytes) -> int:
    """How many bytes of UTF-8 are whole characters, the last of which may break off.

    Examples
    --------
    >>> _n_whole("två".encode()), _n_whole("två".encode()[:-1])
    (4, 2)
    """
    for n_last in range(1, min(len(content), _LONGEST_CHARACTER - 1) + 1):
        if content[-n_last] >= 0xC0:  # begins a character of two bytes or more, as many as it has leading ones
            n_needed = 8 - (content[-n_last] ^ 0xFF).bit_length()
            return len(content) - n_last if n_last < n_needed <= _LONGEST_CHARACTER else len(content)
    return len(content)


def lines_of(stream: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a stream; one that is too long comes in pieces of LONGEST_LINE bytes, for `check_length` to refuse.

    Where lines come one by one already, they are the same.
    """
    readline = getattr(stream, "readline", None)
    return iter(stream) if readline is None else iter(functools.partial(readline, LONGEST_LINE), b"")


def check_length(n_bytes: int, where: str) -> None:
    """Refuse a line or document of LONGEST_LINE bytes or more. Raises InputFileError."""
    if n_bytes >= LONGEST_LINE:
        raise InputFileError(f"{where}: it is longer than {size(LONGEST_LINE)}; split it")


def conversion(command: str, origin: str) -> str:
    """Advice to pass a file, or what comes in at standard input, through a command of the shell.

    Examples
    --------
    >>> conversion("iconv -f LATIN1 -t UTF-8", "mails/a.csv")
    'convert it: iconv -f LATIN1 -t UTF-8 < mails/a.csv > mails/a-converted.csv'
    """
    path = Path(origin)
    if origin == STANDARD_INPUT or path.suffix in COMPRESSED_SUFFIXES:
        return f"convert it first: ... | {command}"
    return (
        f"convert it: {command} < {shlex.quote(origin)} > {shlex.quote(str(path.with_stem(path.stem + '-converted')))}"
    )


def decoded(content: bytes, origin: str, line: int | None = None, offset: int = 0) -> str:
    """Bytes of a file as text, without a byte-order mark at its start.

    Parameters
    ----------
    content : bytes
    origin : str
        The file, for the message.
    line, offset : int
        Their place in the file.

    Raises
    ------
    EncodingError
        They are not UTF-8; the message names the byte, its offset, and what the file may be.
    """
    where = origin if line is None else f"{origin}, line {line}"
    if offset == 0 and _has_every_second_byte_zero(content):
        advice = conversion(_CONVERT.format("UTF-16LE"), origin)
        raise EncodingError(
            f"{where}: expected UTF-8, found zero for every second byte: UTF-16; {advice} (or UTF-16BE)"
        )
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        guesses = (guess for mark, guess in _SIGNATURES.items() if offset == 0 and content.startswith(mark))
        guess, advice = next(guesses, _LATIN_1)
        advice = conversion(advice, origin) if advice.startswith("iconv") else advice
        raise EncodingError(
            f"{where}: expected UTF-8, found byte 0x{content[error.start]:02x} "
            f"at offset {offset + error.start}: {guess}; {advice}",
            **({"format": guess.lower()} if advice == _NAME_FORMAT else {}),
        ) from None
    return text.removeprefix(_MARK) if offset == 0 else text


def read_whole(path: Path) -> str:
    """A whole file as text.

    Raises
    ------
    InputFileError
        The file cannot be opened, is damaged, or is too long.
    EncodingError
        The file is not UTF-8.
    """
    with open_input(path) as stream:
        try:
            content = stream.read(LONGEST_LINE)
        except OSError as error:
            raise reading_failed(str(path), error) from None
    check_length(len(content), str(path))
    return decoded(content, str(path))


def reading_failed(where: str, error: OSError) -> InputFileError:
    """The error for a stream that breaks off, is damaged, or was closed by the shell; the same where it is one."""
    if isinstance(error, InputFileError):
        return error
    if error.errno == errno.EBADF:
        return InputFileError(f"{where}: expected data, but it is closed; name a file, or pipe data into it")
    if isinstance(error, ExpansionError):
        return InputFileError(f"{where}: {error}")
    return InputFileError(f"{where}: reading failed ({error}); try again from a copy")


def _has_every_second_byte_zero(content: bytes) -> bool:
    """Whether content is UTF-16 without a byte-order mark, which may be valid UTF-8: letters between NULs."""
    return len(content) > 3 and any(content) and not (any(content[::2]) and any(content[1::2]))


def without_end(line: str) -> str:
    """A line without its line feed and the carriage returns before it; a carriage return elsewhere is text.

    Examples
    --------
    >>> without_end("ham\\r\\n"), without_end("ham\\r\\r\\n"), without_end("ham\\r"), without_end("h\\ram")
    ('ham', 'ham', 'ham', 'h\\ram')
    """
    return line.rstrip("\r\n")


def read_lines(stream: BinaryIO, origin: str = STANDARD_INPUT) -> Iterator[str]:
    """Documents, one per line, each as soon as it arrives.

    Raises
    ------
    EncodingError
        A line is not UTF-8; the message names it.

    Examples
    --------
    >>> import io
    >>> list(read_lines(io.BytesIO(b"one\\r\\ntwo")))
    ['one', 'two']
    """
    return map(without_end, Lines(stream, origin))
