"""Declarations of hand-made features: tables in TOML, mappings or their classes in Python.

::

    [button]
    kind = "lexicon"
    words = ["button", "click below"]

    ["sums of money"]
    kind = "pattern"
    pattern = '[$€£]\\s?[0-9]'

    ["sender's domain"]
    kind = "category"
    column = "sender"
    values = ["kth.se"]

    [misspelt]
    kind = "number"
    column = "misspelt"
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast, get_type_hints

from vikt.corpus.read_stream import read_whole
from vikt.errors import ParameterError, UsageError, check_known, known
from vikt.features.handmade.features import (
    Capitalised,
    Category,
    Dense,
    Feature,
    FirstInSentence,
    Length,
    Lexicon,
    Number,
    Numbered,
    Pattern,
    Shape,
)  # fmt: skip
from vikt.mappings import Json, Parameters

KINDS: dict[str, type[Any]] = {
    feature.kind: feature
    for feature in (
        Lexicon, Pattern, Number, Category, Length, Capitalised, FirstInSentence, Shape, Dense, Numbered
    )
}  # fmt: skip

Declared = str | Path | Iterable[Feature | Mapping[str, object]]


def features_declared(declared: Declared | None) -> tuple[Feature, ...]:
    """Features from their classes, from mappings with a name and a kind, or from a TOML file.

    Raises
    ------
    UsageError
        A declaration is invalid; the message names the feature and what was found.
    InputFileError
        There is no such file.

    Examples
    --------
    >>> features_declared([{"name": "money", "kind": "pattern", "pattern": "[$]"}])
    (Pattern(name='money', column=None, offset=0, pattern='[$]'),)
    """
    if declared is None:
        return ()
    if isinstance(declared, (str, Path)):
        return _from_toml(Path(declared))
    # A mapping would be a list of its keys.
    listed = None if isinstance(declared, Mapping) or not isinstance(declared, Iterable) else list(declared)
    if listed is None or not all(isinstance(one, (*KINDS.values(), Mapping)) for one in listed):
        raise ParameterError(
            "features", f"expected a TOML file, or a list of features or their declarations, found {declared!r:.60}"
        )
    features = tuple(_feature(one) if isinstance(one, Mapping) else one for one in listed)
    names = [feature.name for feature in features]
    doubled = next((name for name in names if names.count(name) > 1), None)
    if doubled is not None:
        raise UsageError(f"features: {doubled!r} is declared twice; use different names")
    return features


def declaration(feature: Feature) -> Json:
    """The mapping that declares a feature, for a file.

    Examples
    --------
    >>> declaration(Number(name="misspelt"))
    {'kind': 'number', 'name': 'misspelt'}
    """
    options = {
        field.name: value
        for field in dataclasses.fields(feature)  # type: ignore[arg-type]
        if (value := getattr(feature, field.name)) != field.default
    }
    return {"kind": feature.kind} | {name: list(v) if isinstance(v, tuple) else v for name, v in options.items()}


def _from_toml(path: Path) -> tuple[Feature, ...]:
    import tomllib

    content = read_whole(path)
    try:
        tables = tomllib.loads(content)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: the TOML is invalid ({error}); correct the file") from None
    try:
        for name, table in tables.items():
            if not isinstance(table, dict):
                raise UsageError(f"expected a table for each feature, such as [button], found {name} = {table!r:.60}")
            if "name" in table:
                raise UsageError(f"feature {name!r}: its name is the one in brackets, found another; remove `name`")
            if isinstance(table.get("words"), str):
                # The words are in a file beside this one, one word or phrase per line.
                lines = map(str.strip, read_whole(path.parent / table["words"]).split("\n"))
                table["words"] = list(filter(None, lines))
        return features_declared([{**table, "name": name} for name, table in tables.items()])
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def _feature(declared: Parameters) -> Feature:
    options = dict(declared)
    name = options.get("name")
    if not isinstance(name, str) or not name:
        raise UsageError(f"features: expected a name for each, found {name!r}; name it")
    try:
        made = known("kind", options.pop("kind", None), KINDS)
        types = get_type_hints(made)
        fields = {field.name: field for field in dataclasses.fields(made)}
        for option, value in options.items():
            check_known("option", option, fields)
            options[option] = _checked(option, value, types[option])
        required = [option for option, field in fields.items() if field.default is dataclasses.MISSING]
        missing = [option for option in required if option not in options]
        if missing:
            raise UsageError(f"expected {missing[0]}, found none; add it")
        return cast(Feature, made(**options))
    except UsageError as error:
        raise UsageError(f"feature {name!r}: {error}") from None


def _checked(option: str, value: object, kind: object) -> object:
    if kind == tuple[str, ...]:
        if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise UsageError(f"{option}: expected a list of strings, found {value!r:.60}")
    expected = int if kind is int else str
    if isinstance(value, expected) and not isinstance(value, bool):
        return value
    raise UsageError(f"{option}: expected {'a whole number' if kind is int else 'a string'}, found {value!r:.60}")
