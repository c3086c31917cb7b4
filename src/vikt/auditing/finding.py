"""What a check finds: a fault, the rows meant, and a few of them to look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vikt.mappings import Json

# An error makes figures or models wrong; a warning probably costs accuracy; a note is worth knowing.
Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")

# The part of the data that a finding is about.
Side = Literal["training", "test"]


@dataclass(frozen=True)
class Example:
    """A row to look at: its place, an excerpt of its text, its label, and what is special about it."""

    place: str
    text: str
    label: str
    remark: str = ""

    def to_json(self) -> dict[str, str]:
        return {name: value for name, value in vars(self).items() if value or name != "remark"}


@dataclass(frozen=True)
class Found:
    """What a check finds on one side of the data, before it has the name of the check; as in `Finding`."""

    side: Side
    message: str
    rows: tuple[int, ...] = ()
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True)
class Finding:
    """A fault that a check found.

    Attributes
    ----------
    code, name : str
        Those of the check, such as "V104" and "conflicting-labels".
    severity : {"error", "warning", "note"}
    side : {"training", "test"}
        The part of the data that the rows are in.
    rows : tuple of int
        The rows meant, as messages number them: from 0 in Python, from 1 in a file. Empty where all rows are meant.
    message : str
        A sentence.
    examples : tuple of Example
        A few of the rows.

    Examples
    --------
    >>> print(Finding("V101", "empty-text", "warning", "training", (3,), "1 text is empty"))
    warning  V101  empty-text: 1 text is empty
    """

    code: str
    name: str
    severity: Severity
    side: Side
    rows: tuple[int, ...]
    message: str
    examples: tuple[Example, ...] = ()

    @property
    def page(self) -> str:
        """The page of the documentation that explains the check."""
        return f"docs/audit/{self.code}.md"

    def to_json(self) -> Json:
        """The finding as JSON holds it."""
        return {
            "code": self.code,
            "name": self.name,
            "severity": self.severity,
            "side": self.side,
            "rows": list(self.rows),
            "message": self.message,
            "examples": [example.to_json() for example in self.examples],
            "page": self.page,
        }

    def __str__(self) -> str:
        return f"{self.severity:<7}  {self.code}  {self.name}: {self.message}"
