"""`make torture`: try to break vikt, and show what came of it.

python tests/torture                        # everything, which takes the better part of an hour
python tests/torture --short                # a little of everything
python tests/torture --only crafted kills   # some of it
python tests/torture --save                 # keep the figures for docs/security.md
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from trials import OF_A_SERVICE, OF_FILES, Row, trials_of_a_service, trials_of_files

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "torture.json"


def main() -> int:
    names = [*OF_FILES, *OF_A_SERVICE]
    parser = argparse.ArgumentParser(prog="python tests/torture", description="Try to break vikt.")
    parser.add_argument("--short", action="store_true", help="a little of everything")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="TRIAL", help=", ".join(names))
    parser.add_argument("--save", action="store_true", help=f"keep the figures in {RESULTS.relative_to(ROOT)}")
    given = parser.parse_args()
    rows: dict[str, Row] = {}
    with tempfile.TemporaryDirectory(prefix="vikt-torture-") as folder:
        if not given.short:
            # Compiled kernels check the bounds of their arrays, which they do not otherwise.
            os.environ |= {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(Path(folder, "checked-kernels"))}
        found = trials_of_files(Path(folder), given.short, given.only.__contains__)
        _show(found, rows)
        for name in ("NUMBA_BOUNDSCHECK", "NUMBA_CACHE_DIR"):
            os.environ.pop(name, None)
        _show(trials_of_a_service(Path(folder), given.short, given.only.__contains__), rows)
    if given.save:
        _save(rows, names)
    return 1 if any(row.faults for row in rows.values()) else 0


def _show(found: Iterable[tuple[str, Row]], rows: dict[str, Row]) -> None:
    for name, row in found:
        print(line_of(row), flush=True)
        rows[name] = row


def _save(rows: dict[str, Row], names: list[str]) -> None:
    """Keep these rows, and those of other trials that were kept before."""
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    kept |= {name: dataclasses.asdict(row) | {"tried": row.tried} for name, row in rows.items()}
    RESULTS.write_text(json.dumps({name: kept[name] for name in names if name in kept}, indent=1) + "\n")


def line_of(row: Row) -> str:
    counts = f"{row.tried:,} tried: {row.worked:,} worked, {row.refused:,} refused, {row.faults:,} FAULTS"
    room = f"at most {row.mb:,.0f} MB" if row.mb else ""
    parts = [counts, room, f"{row.seconds:,.0f} s", row.note, *row.faults_found]
    return f"{row.what}\n    " + "\n    ".join(filter(None, parts))


if __name__ == "__main__":
    sys.exit(main())
