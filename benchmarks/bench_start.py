"""What it costs to begin: the first use ever, imports, and the sizes of the wheel and of an installed environment.

    python benchmarks/bench_start.py [--repeats N]

A wheel is built and installed with what it depends on into an environment of its own, by pip, which needs a network or
an index of its own; both are measured, each package with its compiled bytecode, without pip. All that follows runs in
that environment, as whole processes on one thread, in turn, medians of the repeats:

- `vikt predict` of one line and `vikt train` of the 400 sample e-mails, features and penalty given, beside
  `import numpy`; and what each of them has imported at its end, imported by a process that does nothing else.
- The same commands when no compiled code is there yet, in a new cache for every run, beside any later use. The files
  of the packages have been read before, so this is the cost of compiling alone.

Results go to benchmarks/results/start.json; `python benchmarks/tables.py` puts them in docs/benchmarks.md.
"""

from __future__ import annotations

from measuring import (
    HERE,
    Measured,
    fresh_cache,
    in_turn,
    machine,
    print_rows,
    process,
    save,
    times_faster,
)

# isort: split
import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

ROOT = HERE.parent
SAMPLE = ROOT / "src" / "vikt" / "corpus" / "sample" / "emails.tsv"
LINE = "A great film, and what an ending!\n"
MOST_FIRST_REPEATS = 3
# Not the checkout's vikt.
INSTALLED = {"PYTHONPATH": ""}

SIZES = """
import json
from importlib.metadata import distributions
print(json.dumps({
    package.name: sum(path.stat().st_size for path in map(package.locate_file, package.files or ()) if path.is_file())
    for package in distributions()
    if package.name not in ("pip", "setuptools")
}))
"""
# Runs a command, and at its end tells the modules in the order in which they came.
TELLING = """
import atexit, sys
file, *sys.argv[1:] = sys.argv[1:]
atexit.register(lambda: open(file, "w").write("\\n".join(sys.modules)))
from vikt.__main__ import main
main()
"""
IMPORTING = """
from importlib import import_module
for name in {names!r}:
    try:
        import_module(name)
    except Exception:
        pass
"""


def pip(python: str, *typed: str) -> None:
    subprocess.run([python, "-m", "pip", "--quiet", "--disable-pip-version-check", *typed], check=True, cwd=ROOT)


def built_wheel(folder: Path) -> Path:
    pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    return next(folder.glob("vikt-*.whl"))


def installed(wheel: Path, folder: Path) -> str:
    """The Python of a new environment that holds the wheel and what it depends on."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = str(folder / "bin" / "python")
    pip(python, "install", str(wheel))
    return python


def sizes(wheel: Path, python: str) -> dict[str, Any]:
    told = process([python, "-c", SIZES], INSTALLED, keep=True)
    packages = {name: size / 1e6 for name, size in json.loads(told["out"]).items()}
    largest = dict(sorted(packages.items(), key=lambda item: -item[1]))
    found = {"wheel_mb": wheel.stat().st_size / 1e6, "installed_mb": sum(packages.values()), "packages_mb": largest}
    rows = [["the wheel", f"{found['wheel_mb']:.2f}"], ["installed, all", f"{found['installed_mb']:.1f}"]]
    print_rows("sizes", ["", "MB"], rows + [[name, f"{size:.1f}"] for name, size in largest.items()])
    return found


def bench_imports(python: str, folder: Path, repeats: int) -> dict[str, Any]:
    """Whole commands and what they import, beside `import numpy`."""
    sides = {"import numpy": partial(process, [python, "-c", "import numpy"], INSTALLED)}
    sides["vikt --help"] = partial(process, [python, "-m", "vikt", "--help"], INSTALLED)
    for name, typed in commands(folder).items():
        sides[name] = partial(process, [python, "-m", "vikt", *typed], INSTALLED, folder / "line.txt")
        imports = [python, str(importing(python, typed, folder, name))]
        sides[f"the imports of {name}"] = partial(process, imports, INSTALLED)
    rows = in_turn(sides, repeats)
    for name, row in rows.items():
        for clock in ("wall_s", "cpu_s"):
            row[f"times_import_numpy_{clock}"] = times_faster(rows, "import numpy", name, clock)
    show("whole processes", rows)
    return rows


def commands(folder: Path) -> dict[str, list[str]]:
    """What is typed after `vikt`; the training leaves the model of the prediction."""
    model = str(folder / "model.vikt")
    train = ["train", str(SAMPLE), "--analyzer", "word", "--l2", "1e-4", "-q", "-o", model]
    return {"vikt train, 400 e-mails": train, "vikt predict, one line": ["predict", model]}


def importing(python: str, typed: list[str], folder: Path, name: str) -> Path:
    """A script that imports what a command has imported at its end."""
    modules, script = folder / "modules.txt", folder / f"imports of {name}.py"
    process([python, "-c", TELLING, str(modules), *typed], INSTALLED, folder / "line.txt")
    script.write_text(IMPORTING.format(names=modules.read_text().split()))
    return script


def bench_first_use(python: str, folder: Path, repeats: int) -> dict[str, Any]:
    """Each command in a new cache every time, and in one that it has filled before."""
    filled = fresh_cache(folder)
    sides: dict[str, Callable[[], Measured]] = {}
    for name, typed in commands(folder).items():
        command = partial(process, [python, "-m", "vikt", *typed], given=folder / "line.txt")
        sides[f"{name}, first use"] = lambda command=command: command(environment=INSTALLED | fresh_cache(folder))
        sides[f"{name}, later"] = partial(command, environment=INSTALLED | filled)
    rows = in_turn(sides, min(repeats, MOST_FIRST_REPEATS))
    show("first use and later", rows)
    return rows


def show(title: str, rows: dict[str, Any]) -> None:
    table = [
        [
            name,
            *(f"{row['wall_s'][key]:.3f}" for key in ("median", "min", "max")),
            f"{row['cpu_s']['median']:.3f}",
            f"{row['peak_mb']['median']:.0f}",
            *(f"{row[key]:.2f}" for key in row if key.startswith("times_import_numpy")),
        ]
        for name, row in rows.items()
    ]
    header = ["", "wall s", "min", "max", "cpu s", "peak MB", "times import numpy", "by CPU"]
    print_rows(title, header[: len(table[0])], table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "line.txt").write_text(LINE)
        wheel = built_wheel(folder)
        python = installed(wheel, folder / "environment")
        results = {
            "machine": machine(dict.fromkeys(("numpy", "numba"), python)),
            "repeats": options.repeats,
            "sizes": sizes(wheel, python),
            "imports": bench_imports(python, folder, options.repeats),
            "first_use": bench_first_use(python, folder, options.repeats),
        }
    save("start", results)


if __name__ == "__main__":
    main()
