"""Pages of a classifier that tests make up, as files."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from vikt.web.page import one_file

_FAKE = (Path(__file__).parent / "fake.js").read_text(encoding="utf-8")
HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"


def page_of(path, *, targets="classes", classes=("praise", "blame"), thresholds=None, columns=(), reads_text=True):
    """A page at the path, whose classifier has these classes."""
    about = {
        "name": "opinions",
        "targets": targets,
        "classes": list(classes),
        "thresholds": thresholds,
        "features": 2,
        "facts": [["rows", "12, of which 12 are fitted"], ["proof", f"none: {HOSTILE}"]],
        "links": {},
        "reads": {"text": reads_text, "columns": list(columns)},
    }
    # The labels of the tests would end an element, as those of a data set might.
    kept = base64.b64encode(json.dumps(about).encode()).decode()
    decoding = (
        'JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(document.getElementById("about").textContent), '
        "(c) => c.charCodeAt(0))))"
    )
    script = _FAKE.replace('JSON.parse(document.getElementById("about").textContent)', decoding)
    path.write_text(one_file([script], [("about", kept)]), encoding="utf-8")
    return path
