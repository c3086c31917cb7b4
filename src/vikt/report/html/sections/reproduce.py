"""How to get the same results again."""

from __future__ import annotations

import json

from vikt.fitting.record import FitRecord
from vikt.report.html.blocks import Facts, Fold, Prose, Section, Typed
from vikt.version import __version__


def reproduce_section(command: str, record: FitRecord) -> Section:
    """The command, the version, the seed, the fingerprint of the data and the options of the fit."""
    facts = [
        ("version", f"vikt {__version__}"),
        ("seed", str(record.options["random_state"])),
        ("data", f"fingerprint {record.data.fingerprint}, whatever the order of the rows"),
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
