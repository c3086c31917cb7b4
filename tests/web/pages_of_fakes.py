"""Pages of a classifier that tests make up, as files; and what a reader does with a table on any page."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from vikt.web.page import one_file

_FAKE = (Path(__file__).parent / "fake.js").read_text(encoding="utf-8")
LIMITS = {"texts": 1000, "bytes": 4_000_000, "explained": 20_000}
HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"


def page_of(
    path, *, targets="classes", classes=("praise", "blame"), thresholds=None, columns=(), reads_text=True, limits=None
):
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
        "limits": limits or LIMITS,
    }
    kept = base64.b64encode(json.dumps(about).encode()).decode()
    path.write_text(one_file([_FAKE], [("about", kept)]), encoding="utf-8")
    return path


def drop(page, content, name="rows.csv"):
    """Drop a file on the page, as from a folder."""
    page.evaluate(
        """([bytes, name]) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(bytes)], name));
          for (const type of ["dragover", "drop"]) {
            const event = new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true });
            document.querySelector("h1").dispatchEvent(event);
          }
        }""",
        [list(content), name],
    )


def labelled_file(page, folder):
    """Label the table that was dropped; the name and the bytes of the file that comes back."""
    page.locator("#start").click()
    link = page.locator("#download")
    link.wait_for()
    with page.expect_download() as found:
        link.click()
    found.value.save_as(folder / "back")
    return found.value.suggested_filename, (folder / "back").read_bytes()
