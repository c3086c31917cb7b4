"""The files of the page, to be served as they are, or as one file that works offline."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

# What a browser may load for the page that is served: nothing from elsewhere, and nothing written into the page.
SERVED_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
PAGE = "page.html"
# What tells a page of one file from any other, near its start; a page that is served is not marked so.
MARK = '<meta name="generator" content="vikt page">'
_REMOTE = "remote.js"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_SCRIPT = re.compile(r'<script src="([^"]+)"></script>')


class Asset(NamedTuple):
    """A file of the page, and its media type."""

    content: bytes
    media_type: str


@cache
def served_files() -> dict[str, Asset]:
    """The files of the page by the names under which it asks for them; `PAGE` is the page itself.

    Examples
    --------
    >>> sorted(name for name in served_files() if not name.endswith(".js"))
    ['icon.svg', 'page.html', 'style.css']
    """
    names = [PAGE, "icon.svg", "style.css", *_scripts()]
    return {name: Asset(_read(name).encode("utf-8"), _TYPES[name[name.rindex(".") :]]) for name in names}


def one_file(scripts: Sequence[str], blocks: Sequence[tuple[str, str]] = ()) -> str:
    """The page as one file that asks for nothing, whose policy lets no other script run.

    Parameters
    ----------
    scripts : list of str
        JavaScript that runs after the page's own: it makes a classifier and calls `vikt.showPage` with it.
    blocks : list of (str, str)
        Data by the ids of the elements that hold them; `document.getElementById(id).textContent` reads one.

    Raises
    ------
    ValueError
        A script or a block holds what would end its element, or the page lacks what is replaced.
    """
    style = f"\n{_read('style.css')}"
    own = [_read(name) for name in _scripts() if name != _REMOTE]
    code = [f"\n{script}" for script in (*own, *scripts)]
    policy = (
        f"default-src 'none'; script-src {' '.join(map(_hash, code))}; style-src {_hash(style)}; img-src data:; "
        "form-action 'none'; base-uri 'none'"
    )
    icon = base64.b64encode(_read("icon.svg").encode("ascii")).decode("ascii")
    data = [f'<script type="text/plain" id="{name}">{_contained(block)}</script>' for name, block in blocks]
    elements = [*data, *(f"<script>{_contained(script)}</script>" for script in code)]
    changed = {
        '<meta name="generator" content="vikt">': (
            f'{MARK}\n<meta http-equiv="Content-Security-Policy" content="{policy}">'
        ),
        'href="icon.svg"': f'href="data:image/svg+xml;base64,{icon}"',
        '<link rel="stylesheet" href="style.css">': f"<style>{style}</style>",
        "</body>": "\n".join([*elements, "</body>"]),
    }
    page = _SCRIPT.sub("", _read(PAGE))
    for old, new in changed.items():
        if page.count(old) != 1:
            raise ValueError(f"expected {old} once in {PAGE}, found it {page.count(old)} times")
        page = page.replace(old, new)
    return page


def _scripts() -> list[str]:
    """The names of the scripts, in the order in which the page runs them."""
    return _SCRIPT.findall(_read(PAGE))


@cache
def _read(name: str) -> str:
    """A file of the page; its style stands behind that of the reports."""
    own = (files("vikt.web") / name).read_text(encoding="utf-8")
    if name != "style.css":
        return own
    return (files("vikt.report") / "templates" / "style.css").read_text(encoding="utf-8") + own


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode('utf-8')).digest()).decode('ascii')}'"


def _contained(content: str) -> str:
    """A content that its element of `script` holds whole."""
    if re.search(r"</script|<!--", content, re.IGNORECASE):
        raise ValueError("a script that would end its element")
    return content
