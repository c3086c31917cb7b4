"""Model files damaged and crafted: flipped, cut, and with arrays and claims altered under a digest that is right."""

from __future__ import annotations

import contextlib
import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import vikt
from vikt.corpus.read_labelled import PAIRS
from vikt.features.ngrams.tables import Units
from vikt.features.ngrams.token_kernels import LONG
from vikt.files import model_file

WORDS = {
    "spam": "win money now",
    "ham": "lunch on friday",
    "work": "the internationalisation of telecommunications is late",
}
LABELS, TEXTS = list(WORDS) * 5, list(WORDS.values()) * 5
SEVERAL = [[label] if n % 2 else [label, "rare"] for n, label in enumerate(LABELS)]
FEATURES = [
    {"name": "button", "kind": "lexicon", "words": ["money", "on friday"]},
    {"name": "sum", "kind": "pattern", "pattern": "[0-9]"},
    {"name": "domain", "kind": "category", "column": "sender"},
    {"name": "long", "kind": "length"},
    {"name": "shape", "kind": "shape"},
    {"name": "n", "kind": "number"},
    {"name": "v", "kind": "dense"},
    {"name": "pairs", "kind": "numbered"},
]
FRAME = {
    "text": TEXTS,
    "sender": ["kth.se", "su.se", "a"] * 5,
    "n": [1.0, 2.0, 5.0] * 5,
    "v": [[1.0, 2.0], [0.5, 1.0], [0.0, 1.0]] * 5,
    "pairs": pa.array([[(1, 0.5)], [(3, 1.0), (2**40, 2.0)], [(2, 1.0)]] * 5, PAIRS),
}
# What is fitted for each name: labels, data, options.
MODELS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "words": (LABELS, TEXTS, {"ngrams": (1, 2)}),
    "two classes": (["a", "b", "b"] * 5, TEXTS, {}),
    "characters": (LABELS, TEXTS, {"analyzer": "char_wb", "ngrams": (1, 3)}),
    "telling words": (LABELS, TEXTS, {"weighting": "nb"}),
    "both": (LABELS, TEXTS, {"analyzer": "word+char"}),
    "hashed": (LABELS, TEXTS, {"hashing": 10}),
    "several labels": (SEVERAL, TEXTS, {"targets": "several"}),
    "shares": ([{"spam": 0.75, "ham": 0.25}, {"ham": 1.0}, {"work": 1.0}] * 5, TEXTS, {"targets": "soft"}),
    "levels": ([1, 2, 3] * 5, TEXTS, {"targets": "ordered"}),
    "made by hand": (LABELS, FRAME, {"features": FEATURES}),
    "booleans": ([True, False, True] * 5, TEXTS, {}),
}


def content(folder: Path, name: str) -> bytes:
    """The bytes of a small model of a kind."""
    return saved(folder, *MODELS[name])


def saved(folder: Path, labels: Any, data: Any, options: dict[str, Any]) -> bytes:
    """The bytes of a model fitted to data."""
    path = folder / "fitted.vikt"
    vikt.TextClassifier(**{"min_df": 1, "l2": 0.01} | options).fit(data, labels).save(path)
    return path.read_bytes()


def with_hashing(content: bytes, bits: int) -> bytes:
    """A model of hashed n-grams that claims another number of buckets."""
    arrays, metadata, entries = parsed(content)
    metadata["options"]["hashing"] = bits
    return sealed(arrays, metadata, entries)


def flips(content: bytes, at: range) -> Iterator[tuple[str, bytes]]:
    """Each of these bytes with another value."""
    for place in at:
        damaged = bytearray(content)
        damaged[place] ^= 1 + place * 131 % 255
        yield f"byte {place}", bytes(damaged)


def cuts(content: bytes, step: int = 1000) -> Iterator[tuple[str, bytes]]:
    """The file up to each multiple of the step."""
    for end in range(0, len(content), step):
        yield f"up to {end}", content[:end]


# Under a digest that is right


def crafted(content: bytes, n: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """The file with one to three things altered, n times."""
    for number in range(n):
        chance = random.Random(f"{seed} {number}")
        arrays, metadata, entries = parsed(content)
        told = [
            chance.choice(ALTERATIONS)(chance, arrays, metadata, entries) for _ in range(chance.choice([1, 1, 2, 3]))
        ]
        yield " and ".join(told), sealed(arrays, metadata, entries)


def parsed(content: bytes) -> tuple[dict[str, Any], Any, dict[str, Any]]:
    """The arrays, the metadata, and what to claim of arrays besides."""
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    metadata = json.loads(header.pop("__metadata__")["vikt"])
    arrays = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        dtype = model_file._DTYPES[entry["dtype"]]
        arrays[name] = np.frombuffer(content[end + first : end + last], dtype).reshape(entry["shape"]).copy()
    return arrays, metadata, {}


def sealed(arrays: dict[str, Any], metadata: Any, entries: dict[str, Any]) -> bytes:
    """A model file with a digest that is right, whatever it holds."""
    name_of = {np.dtype(dtype): name for name, dtype in model_file._DTYPES.items()}
    header, data = {}, b""
    for name in sorted(arrays, key=lambda name: -arrays[name].dtype.itemsize):
        own = np.ascontiguousarray(arrays[name])
        places = [len(data), len(data) + own.nbytes]
        header[name] = {"dtype": name_of[own.dtype], "shape": list(own.shape), "data_offsets": places}
        header[name] |= entries.get(name, {})
        data += own.tobytes()
    metadata = metadata if isinstance(metadata, dict) else {"format": 5, "x": metadata}
    entry = json.dumps(
        {"digest": "0" * 64, **{n: v for n, v in metadata.items() if n != "digest"}}, separators=(",", ":")
    )
    whole = json.dumps({"__metadata__": {"vikt": entry}, **header}, separators=(",", ":")).encode()
    whole += b" " * (-len(whole) % 8)
    file = bytearray(len(whole).to_bytes(8, "little") + whole + data)
    file[model_file._DIGEST_AT : model_file._DIGEST_END] = model_file._digest([memoryview(file)])
    return bytes(file)


NUMBERS = [0, 1, -1, 2, 7, 127, 255, 2**20, 2**31 - 1, -(2**31), 2**32, 2**40, 2**62, 2**63 - 1, -(2**63)]
FLOATS = [0.0, -1.0, 1e-320, 1e30, 3e38, -3e38, 1e300, np.nan, np.inf, -np.inf]
CLAIMS = [
    None, True, False, 0, 1, -1, 2, 3, 28, 29, 64, 2**31, 2**63, 2**70, 10**400, 1e308, -0.5, 0.5, float("nan"),
    float("inf"), "", "x", "a\nb", "\0", "\ud800", "/dev/zero", "char", "word", "nb", "several", "ordered", "soft",
    "object", "<f8", "|V8", [], [[]], {}, [1, 2], [2, 1], [1, 10**9], ["a"], ["a", "a"], ["a"] * 1000, {"a": 1},
    {"spam": 1}, [None], [{}],
]  # fmt: skip


SHAPES = [[2**40], [2**40, 2**24], [2**62, 4], [-1], [-8, -8], [0], [], [2**63], [[1]], ["8"], [True], [1.0]]
OFFSETS = [[-8, 0], [0, 0], [0, 2**40], [2**63, 2**63 + 8], [8, 0], [0.0, 8.0], [None, None], []]
DTYPES = ["F16", "BOOL", "", None, "I64", "U8"]


def _element(chance: random.Random, arrays: dict[str, Any], metadata: Any, entries: Any) -> str:
    name = chance.choice([name for name in arrays if arrays[name].size] or ["theta"])
    own = arrays[name].ravel()
    values = FLOATS if own.dtype.kind == "f" else NUMBERS + list(range(-3, own.size + 3))[:300] + [own.size]
    places = chance.choice([[chance.randrange(own.size)], range(own.size), range(0, own.size, 2)])
    value = chance.choice(values)
    with np.errstate(all="ignore"):
        for place in places:
            own[place] = np.array(value).astype(own.dtype)
    arrays[name] = own.reshape(arrays[name].shape)
    return f"{name}[{places!r:.20}] = {value}"


def _order(chance: random.Random, arrays: dict[str, Any], metadata: Any, entries: Any) -> str:
    name = chance.choice(list(arrays))
    own = arrays[name].ravel()
    by = chance.randrange(1, 20)
    changed = chance.choice([np.sort, np.flip, lambda a: np.roll(a, by), lambda a: np.resize(a[:1], a.shape)])
    arrays[name] = changed(own).reshape(arrays[name].shape)
    return f"{name} in another order"


def _length(chance: random.Random, arrays: dict[str, Any], metadata: Any, entries: Any) -> str:
    name = chance.choice(list(arrays))
    own = arrays[name]
    n = own.shape[0] if own.ndim else 0
    new = chance.choice([0, 1, n - 1, n + 1, 2 * n, max(n // 2, 0), 128])
    arrays[name] = np.resize(own, (max(new, 0), *own.shape[1:])) if own.size else np.zeros(max(new, 0), own.dtype)
    return f"{name} of length {new}"


def _type(chance: random.Random, arrays: dict[str, Any], metadata: Any, entries: Any) -> str:
    name, dtype = chance.choice(list(arrays)), chance.choice(list(model_file._DTYPES.values()))
    with np.errstate(all="ignore"):
        arrays[name] = arrays[name].astype(dtype)
    return f"{name} as {np.dtype(dtype)}"


def _shape(chance: random.Random, arrays: dict[str, Any], metadata: Any, entries: Any) -> str:
    name = chance.choice(list(arrays))
    shape = chance.choice([(-1, 1), (1, -1), (-1,), (1, 1, -1)])
    arrays[name] = arrays[name].reshape(shape)
    return f"{name} of shape {shape}"


def _present(chance: random.Random, arrays: dict[str, Any], metadata: Any, entries: Any) -> str:
    name, other = chance.choice(list(arrays)), chance.choice(list(arrays))
    return chance.choice([_drop, _swap, _copy])(arrays, name, other)


def _keys(chance: random.Random, arrays: dict[str, Any], metadata: Any, entries: Any) -> str:
    """Another spelling of some units, in a table that is filled anew so that it finds them."""
    prefix = next(
        (name.removesuffix("low") for name in arrays if name.endswith(".low") and name[:-3] + "high" in arrays), None
    )
    if prefix is None:
        return "nothing"
    low, high = arrays[f"{prefix}low"], arrays[f"{prefix}high"]
    if low.shape != high.shape or low.ndim != 1 or (low.dtype, high.dtype) != (np.int64, np.int64):
        return "nothing"
    for place in {chance.randrange(len(low) + 1) for _ in range(3)} - {len(low)}:
        low[place] = chance.choice([0xFF, 0x80, 0xEDA080, 0, 0x0A1B5B, (1 << 56) - 1, int(low[0])])
        high[place] = chance.choice([int(high[place]), 1 << 56, 7 << 56, 14 << 56 | 0xFFFF])
    with contextlib.suppress(Exception):
        n_long = np.count_nonzero(high >> 56 == LONG)
        units = Units(low, high, np.empty(0, dtype=np.uint8), np.zeros(n_long + 1, dtype=np.int64))
        units.number(len(low))
        arrays[f"{prefix}slots"] = units.slots
    return f"{prefix} with other keys"


def _drop(arrays: dict[str, Any], name: str, other: str) -> str:
    if len(arrays) > 1:
        del arrays[name]
    return f"no {name}"


def _swap(arrays: dict[str, Any], name: str, other: str) -> str:
    arrays[name], arrays[other] = arrays[other], arrays[name]
    return f"{name} for {other}"


def _copy(arrays: dict[str, Any], name: str, other: str) -> str:
    arrays[name] = arrays[other]
    return f"{other} as {name}"


def _entry(chance: random.Random, arrays: dict[str, Any], metadata: Any, entries: Any) -> str:
    name = chance.choice(list(arrays))
    claimed = chance.choice(
        [{"shape": chance.choice(SHAPES)}, {"data_offsets": chance.choice(OFFSETS)}, {"dtype": chance.choice(DTYPES)}]
    )
    entries[name] = claimed
    return f"{name} said to have {claimed}"


def _claim(chance: random.Random, arrays: dict[str, Any], metadata: Any, entries: Any) -> str:
    """Another value, one value less, or one more somewhere in the metadata."""
    held, path = metadata, []
    while True:
        keys = list(held) if isinstance(held, dict) else list(range(len(held)))
        if not keys:
            break
        key = chance.choice(keys)
        path.append(str(key))
        if isinstance(held[key], (dict, list)) and held[key] and chance.random() < 0.85:
            held = held[key]
            continue
        what = chance.choice(["set", "set", "set", "drop", "near"])
        if what == "drop":
            del held[key]
            return f"no {'.'.join(path)}"
        value = held[key]
        near = isinstance(value, (int, float)) and what == "near"
        new = chance.choice([value + 1, value - 1, value * 2, -value] if near else CLAIMS)
        held[key] = copy.deepcopy(new)  # Another alteration may follow in it.
        return f"{'.'.join(path)} = {held[key]!r:.30}"
    return "nothing"


ALTERATIONS = [_element] * 4 + [_keys] * 2 + [_order, _length, _type, _shape, _present, _entry] + [_claim] * 5
