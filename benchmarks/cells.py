"""Tables in Markdown, and how their cells are written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from measuring import PEERS


def rows_of(header: list[str], rows: Iterable[list[str]]) -> list[str]:
    """A table in Markdown, after an empty line."""
    head, *body = (f"| {' | '.join(row)} |" for row in (header, *rows))
    return ["", head, f"|{'---|' * len(header)}", *body]


_COMPARED = ("scikit-learn", "cleanlab", "liblinear-official", *PEERS)


def measured_by(script: str, results: dict[str, Any]) -> str:
    """On what, with which versions of what it is compared with, in how many runs, and how noisy the machine was."""
    machine = results["machine"]
    packages = [name for name in _COMPARED if machine.get(name)]
    versions = ", ".join([f"Python {machine['python']}", *(f"{name} {machine[name]}" for name in packages)])
    return (
        f"Measured by `python benchmarks/{script}.py`: one thread of {machine['cores']} cores, a shared and noisy "
        f"machine, {versions}; believe the ratios.{runs(results.get('repeats'))}"
        f"{noise(results.get('fixed_loop_s'))}"
    )


def runs(repeats: int | dict[str, int] | None) -> str:
    """How many runs figures are the medians of: all of them, or each part."""
    if repeats is None:
        return ""
    if isinstance(repeats, int):
        return " One run." if repeats == 1 else f" Medians of {repeats} runs."
    counts = sorted(set(repeats.values()), reverse=True)
    if len(counts) == 1:
        return runs(counts[0])
    names = {n: ", ".join(name for name, own in repeats.items() if own == n) for n in counts}
    return f" Medians; runs: {'; '.join(f'{n} of {of}' for n, of in names.items())}."


def noise(loop: dict[str, float] | None) -> str:
    if loop is None:
        return ""
    median, least, most = (f"{1000 * loop[key]:.0f}" for key in ("median", "min", "max"))
    return f" A fixed loop between the runs took {median} ms ({least} to {most})."


def cpu(row: dict[str, Any] | None, key: str = "cpu_s") -> str:
    if row is None:
        return "-"
    seconds = row[key]["median"]
    return f"{seconds:.2f}" if seconds >= 0.1 else f"{seconds:.3f}"


def ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
