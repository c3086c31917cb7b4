"""All benchmarks, one after the other, then the tables of the README and of docs/.

    python benchmarks/run_all.py [--python-of PEER=PYTHON] [--only NAME ...]      # hours
    python benchmarks/run_all.py --quick                                          # minutes; nothing is kept

A peer that is not installed is left out, and said to be; so is a benchmark that fails, and the exit code is then 1.
`--quick` tries the whole chain: some rows of each corpus, one repeat, results and pages in a folder that is removed.
"""

from __future__ import annotations

from measuring import DATA, HERE, PUBLISHED, add_python_of

# isort: split
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = HERE.parent
QUICK_ROWS = 400


class Benchmark(NamedTuple):
    """A script, what is typed to take it quickly, and whether it has peers that may be in other environments."""

    name: str
    quick: list[str]
    has_peers: bool = False


BENCHMARKS = [
    Benchmark("start", ["--repeats", "1"]),
    Benchmark("predict", ["--repeats", "1", "--rows", str(QUICK_ROWS)], has_peers=True),
    Benchmark("train", ["--repeats", "1"], has_peers=True),
    Benchmark("features", ["--repeats", "1"], has_peers=True),
    Benchmark("fit", ["--skip-slow"]),
    Benchmark("solvers", ["--quick"]),
    Benchmark("tolerance", ["--repeats", "1", "--processes", "SMS"]),
    Benchmark("filter", ["--repeats", "1", "--rows", str(QUICK_ROWS)], has_peers=True),
    Benchmark("ordered", []),
    Benchmark("several", []),
    Benchmark("labels", ["--quick", "--repeats", "1"]),
    Benchmark("judging", ["--repeats", "1"]),
    Benchmark("update", ["--repeats", "1"]),
    Benchmark("serve", ["--repeats", "1", "--requests", "20"]),
    Benchmark("shrink", []),
    Benchmark("export", ["--repeats", "1"]),
    Benchmark("near_duplicates", []),
    Benchmark("audit", ["--repeats", "1"]),
    Benchmark("scaling", ["--gigabytes", "0.005", "--most-rows", "10000"], has_peers=True),
    Benchmark("cluster", ["--rows", "2000", "--repeats", "1"]),
]
PLOTS = ("solvers", "scaling")


def run(benchmark: Benchmark, quick: bool, pythons: list[str], environment: dict[str, str]) -> bool:
    """Whether the benchmark ran to its end."""
    elsewhere = [f"--python-of={pair}" for pair in pythons] if benchmark.has_peers else []
    typed = [f"{HERE}/bench_{benchmark.name}.py", *elsewhere, *(benchmark.quick if quick else [])]
    print(f"\n== {benchmark.name}", flush=True)
    begun = time.perf_counter()
    ended = subprocess.run([sys.executable, *typed], env=environment, check=False).returncode == 0
    print(f"{benchmark.name} {'took' if ended else 'FAILED after'} {time.perf_counter() - begun:.0f} s", flush=True)
    return ended


def some_rows(folder: Path) -> None:
    """A copy of the corpora with some rows of each file, evenly spread over it."""
    import pyarrow.parquet as pq

    for path in sorted(DATA.glob("*/*.*")):
        copy = folder / path.relative_to(DATA)
        copy.parent.mkdir(exist_ok=True)
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            pq.write_table(table.take(list(range(0, len(table), max(1, len(table) // QUICK_ROWS)))), copy)
        else:
            first, *lines = path.read_bytes().splitlines(keepends=True)
            copy.write_bytes(b"".join([first, *lines[:: max(1, len(lines) // QUICK_ROWS)]]))


def all_of(benchmarks: list[Benchmark], quick: bool, pythons: list[str], environment: dict[str, str]) -> int:
    """Run them, then write the tables; the exit code."""
    failed = [one.name for one in benchmarks if not run(one, quick, pythons, environment)]
    for name in PLOTS:
        subprocess.run([sys.executable, f"{HERE}/plot_{name}.py"], env=environment, check=True)
    subprocess.run([sys.executable, f"{HERE}/tables.py"], env=environment, check=True)
    if failed:
        print(f"failed, so their results are those of before or missing: {', '.join(failed)}")
    return int(bool(failed))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="some rows, one repeat, nothing kept: does all of it run?")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=[one.name for one in BENCHMARKS])
    add_python_of(parser)
    options = parser.parse_args()
    chosen = [one for one in BENCHMARKS if not options.only or one.name in options.only]
    if not options.quick:
        raise SystemExit(all_of(chosen, False, options.python_of, dict(os.environ)))
    with tempfile.TemporaryDirectory() as temporary:
        data, results, pages = (Path(temporary, name) for name in ("data", "results", "pages"))
        data.mkdir()
        some_rows(data)
        shutil.copytree(PUBLISHED, results)
        for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
            copy = pages / page.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(page, copy)
        folders = {"VIKT_DATA": str(data), "VIKT_RESULTS": str(results), "VIKT_PAGES": str(pages)}
        raise SystemExit(all_of(chosen, True, options.python_of, os.environ | folders))


if __name__ == "__main__":
    main()
