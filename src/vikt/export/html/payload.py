"""Numbers and text of a model as bytes that an engine in the browser reads back: a header of JSON and its sections."""

from __future__ import annotations

import base64
import gzip
import json
import re

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Ints, Reals
from vikt.export.html.header import Header, Numbers, Section

_FEW, _MORE = 1 << 8, 1 << 16
_SURROGATE = re.compile("[\ud800-\udfff]")


class Payload:
    """Sections of bytes, each under a number; equal ones are kept once."""

    def __init__(self) -> None:
        self._number_of: dict[bytes, int] = {}

    def section(self, content: bytes) -> Section:
        """The number of a section with this content."""
        return self._number_of.setdefault(content, len(self._number_of))

    def counts(self, values: Ints) -> Section:
        """A section of whole numbers of 0 or more."""
        return self.section(varints(values))

    def rising(self, values: Ints) -> Section:
        """A section of whole numbers, each at least as large as the one before."""
        return self.counts(np.diff(values, prepend=0))

    def numbers(self, values: Reals) -> Numbers:
        """Numbers, exactly: of few different ones, the place of each in the list of all."""
        different, places = np.unique(values, return_inverse=True)
        kind = values.dtype.newbyteorder("<")
        if len(different) <= _FEW:
            return self._places("u1", places.astype(np.uint8), different.astype(kind))
        if len(different) <= _MORE and len(different) * 2 <= len(values):
            return self._places("u2", places.astype("<u2"), different.astype(kind))
        return {"kind": kind.str[1:], "planes": self.section(_planes(values.astype(kind)))}

    def _places(self, kind: str, places: NDArray[np.generic], different: NDArray[np.generic]) -> Numbers:
        return {
            "kind": kind,
            "planes": self.section(_planes(places)),
            "values": {"kind": different.dtype.str[1:], "planes": self.section(_planes(different))},
        }

    def encoded(self, header: Header) -> str:
        """The header and all sections, compressed, in base64: the same bytes for the same content."""
        sections = list(self._number_of)
        about = json.dumps({"sections": list(map(len, sections)), "header": header}, ensure_ascii=False)
        # Halves of characters have no UTF-8.
        spelled = _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", about).encode()
        content = b"".join([len(spelled).to_bytes(4, "little"), spelled, *sections])
        return base64.b64encode(gzip.compress(content, 9, mtime=0)).decode("ascii")


def varints(values: Ints) -> bytes:
    """Whole numbers below 2^35 by seven bits a byte, the lowest first; the last byte of each is below 128.

    Examples
    --------
    >>> list(varints(np.array([5, 300])))
    [5, 172, 2]
    """
    values = np.asarray(values, dtype=np.int64)
    groups = values[:, None] >> 7 * np.arange(5)
    lengths = np.maximum((groups > 0).sum(axis=1), 1)
    within = np.arange(5) < lengths[:, None]
    more = np.arange(5) < lengths[:, None] - 1
    return bytes((groups & 0x7F | more << 7).astype(np.uint8)[within].tobytes())


def _planes(values: NDArray[np.generic]) -> bytes:
    """All first bytes of numbers, then all second ones, and so on: alike bytes together compress better."""
    return np.ascontiguousarray(values).view(np.uint8).reshape(len(values), values.dtype.itemsize).T.tobytes()
