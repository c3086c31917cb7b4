"""Hand-made features as they are declared: in TOML as tables, in Python as mappings or as their classes.

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
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_type_hints

from vikt.corpus.read_stream import read_whole
from vikt.errors import UsageError, check_known
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

KINDS: dict[str, Any] = {
    feature.kind: feature
    for feature in (
        Lexicon, Pattern, Number, Category, Length, Capitalised, FirstInSentence, Shape, Dense, Numbered
    )
}  # fmt: skip

Declared = str | Path | Iterable[Feature | Mapping[str, Any]]


def features_declared(declared: Declared | None) -> tuple[Feature, ...]:
    """Features from their classes, from mappings with a name and a kind, or from a TOML file.

    Raises
    ------
    UsageError
        What is declared cannot be: the message names the feature and what was found.
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
    features = tuple(_feature(one) if isinstance(one, Mapping) else one for one in declared)
    names = [feature.name for feature in features]
    doubled = next((name for name in names if names.count(name) > 1), None)
    if doubled is not None:
        raise UsageError(f"features: {doubled!r} is declared twice; give each a name of its own")
    return features


def declaration(feature: Feature) -> dict[str, Any]:
    """What `features_declared` makes this feature of, for a file.

    Examples
    --------
    >>> declaration(Number(name="misspelt"))
    {'kind': 'number', 'name': 'misspelt'}
    """
    fields = dataclasses.fields(feature)  # type: ignore[arg-type]
    given = {field.name: getattr(feature, field.name) for field in fields}
    said = {field.name: given[field.name] for field in fields if given[field.name] != field.default}
    return {"kind": feature.kind} | {name: list(v) if isinstance(v, tuple) else v for name, v in said.items()}


def _from_toml(path: Path) -> tuple[Feature, ...]:
    content = read_whole(path)
    try:
        tables = tomllib.loads(content)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: expected TOML, found a fault ({error}); mend the file") from None
    try:
        for name, table in tables.items():
            if not isinstance(table, dict):
                raise UsageError(f"expected a table for each feature, such as [button], found {name} = {table!r:.60}")
            if "name" in table:
                raise UsageError(f"feature {name!r}: its name is in brackets, found another; remove `name`")
            if isinstance(table.get("words"), str):
                # A lexicon in a file of its own, a word or phrase a line, beside this one.
                lines = map(str.strip, read_whole(path.parent / table["words"]).split("\n"))
                table["words"] = list(filter(None, lines))
        return features_declared([{**table, "name": name} for name, table in tables.items()])
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def _feature(declared: Mapping[str, Any]) -> Feature:
    given = dict(declared)
    name = given.get("name")
    if not isinstance(name, str) or not name:
        raise UsageError(f"features: expected a name for each, found {name!r}; name it")
    try:
        kind = given.pop("kind", None)
        check_known("kind", kind, KINDS)
        types = get_type_hints(KINDS[kind])
        fields = {field.name: field for field in dataclasses.fields(KINDS[kind])}
        for field, value in given.items():
            check_known("option", field, fields)
            given[field] = _checked(field, value, types[field])
        missing = [name for name, field in fields.items() if field.default is dataclasses.MISSING and name not in given]
        if missing:
            raise UsageError(f"expected {missing[0]}, found none; give it")
        return KINDS[kind](**given)  # type: ignore[no-any-return]
    except UsageError as error:
        raise UsageError(f"feature {name!r}: {error}") from None


def _checked(field: str, value: Any, kind: Any) -> Any:
    if kind == tuple[str, ...]:
        if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise UsageError(f"{field}: expected a list of strings, found {value!r:.60}")
    expected = int if kind is int else str
    if isinstance(value, expected) and not isinstance(value, bool):
        return value
    raise UsageError(f"{field}: expected {'a whole number' if kind is int else 'a string'}, found {value!r:.60}")
