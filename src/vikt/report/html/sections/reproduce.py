"""How to get the same results again."""

from __future__ import annotations

import json

from vikt.fitting.record import FitRecord
from vikt.report.html.blocks import Facts, Fold, Prose, Section, Typed
from vikt.version import __version__


def reproduce_section(command: str, record: FitRecord) -> Section:
    """The command, the version, the seed, the fingerprint of the data and the options of the fit."""
    facts = [
        _version(),
        ("seed", str(record.options["random_state"])),
        ("data", f"fingerprint {record.data.fingerprint} (independent of the order of the rows)"),
    ]
    options = json.dumps(record.options, indent=2, ensure_ascii=False)
    return Section(
        "reproduce",
        "How to reproduce this",
        (
            Prose("The same rows, options and version give the same model, byte for byte, and the same report."),
            Typed(command),
            Facts(tuple(facts)),
            Fold("All options of the fit", (Typed(options),)),
        ),
    )


def version_section(command: str) -> Section:
    """The command and the version, where nothing is fitted."""
    about = Prose("The same files, options and version give the same results, and the same report.")
    return Section("reproduce", "How to reproduce this", (about, Typed(command), Facts((_version(),))))


def _version() -> tuple[str, str]:
    return "version", f"vikt {__version__}"
