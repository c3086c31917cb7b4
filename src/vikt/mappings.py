"""Mappings whose values have types of their own by name, each named once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# An object of JSON, to write.
Json = dict[str, Any]
# An object of JSON as it was read; what reads it knows, or checks, the types in it.
ReadJson = Mapping[str, Any]
# Parameters or options by name, in the types that their rules say.
Parameters = Mapping[str, Any]
# Values by name, each of a type of its own: keywords, attributes.
Values = dict[str, Any]
