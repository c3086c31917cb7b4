"""`make torture`: try to break vikt, and show what came of it.

python tests/torture                        # everything, in about 20 minutes
python tests/torture --short                # a little of everything
python tests/torture --only crafted kills   # some of it
python tests/torture --save                 # keep the figures for docs/security.md
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from trials import OF_A_SERVICE, OF_COMMANDS, OF_FILES, Row, trials_in_folders, trials_of_a_service

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "torture.json"


def main() -> int:
    names = [*OF_FILES, *OF_COMMANDS, *OF_A_SERVICE]
    parser = argparse.ArgumentParser(prog="python tests/torture", description="Try to break vikt.")
    parser.add_argument("--short", action="store_true", help="a little of everything")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="TRIAL", help=", ".join(names))
    parser.add_argument("--save", action="store_true", help=f"keep the figures in {RESULTS.relative_to(ROOT)}")
    chosen = parser.parse_args()
    rows: dict[str, Row] = {}
    with tempfile.TemporaryDirectory(prefix="vikt-torture-") as name:
        folder, sizes = Path(name), (chosen.short, chosen.only.__contains__)
        with contextlib.nullcontext() if chosen.short else _checked_kernels(folder):
            _show(trials_in_folders(OF_FILES, folder, *sizes), rows)
        _show(trials_in_folders(OF_COMMANDS, folder, *sizes), rows)
        _show(trials_of_a_service(folder, *sizes), rows)
    if chosen.save:
        _save(rows, names)
    return 1 if any(row.faults for row in rows.values()) else 0


@contextlib.contextmanager
def _checked_kernels(folder: Path) -> Iterator[None]:
    """Compiled kernels of processes started meanwhile check the bounds of their arrays, which they do not otherwise."""
    checked = {"NUMBA_BOUNDSCHECK": "1", "VIKT_CACHE_DIR": str(folder / "checked-kernels")}
    os.environ |= checked
    try:
        yield
    finally:
        for name in checked:
            del os.environ[name]


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
