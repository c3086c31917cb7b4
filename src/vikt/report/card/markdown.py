"""Pieces of Markdown and of YAML in which any text is only text."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from vikt.tables import one_line, visible

# What could be markup within a line, and what could make a link of an address.
_MARKUP = re.compile(r"[\\`*_\[\]<>|~#&$!@{}]|(?<=\w):(?=//)|(?<=www)\.", re.IGNORECASE)


def md(text: str) -> str:
    r"""A text within a line of Markdown, without any markup.

    Examples
    --------
    >>> print(md("a|b *c* <d>"))
    a\|b \*c\* \<d\>
    """
    return _MARKUP.sub(lambda found: "\\" + found[0], one_line(text))


def md_table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Rows of texts as a table; the first `left` columns are aligned to the left, the others to the right."""
    edges = ["---" if column < left else "---:" for column in range(len(header))]
    lines = [list(map(md, header)), edges, *(list(map(md, row)) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def md_list(sentences: Sequence[str]) -> str:
    """Sentences of Markdown as a list."""
    return "\n".join(f"- {sentence}" for sentence in sentences)


def md_code(language: str, lines: Sequence[str]) -> str:
    """Lines of code, none of which starts with backticks."""
    return "\n".join([f"```{language}", *lines, "```"])


def yaml_text(text: str) -> str:
    """A text as YAML's double-quoted scalar.

    Examples
    --------
    >>> print(yaml_text('say "no"'))
    "say \\"no\\""
    """
    return json.dumps(visible(text), ensure_ascii=False)
