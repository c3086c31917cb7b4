"""Where the rows of an objective lie, and the sums that may be asked of them."""

from vikt.parts.memory import InMemory
from vikt.parts.part import Largest, Part, Parts, PerPart, added

__all__ = ["InMemory", "Largest", "Part", "Parts", "PerPart", "added"]
