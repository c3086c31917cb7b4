"""Draw benchmarks/results/scaling.json: CPU seconds and peak memory against the rows.

    python benchmarks/plot_scaling.py [--output benchmarks/results/scaling.svg]

Needs matplotlib. A line is a side of the growth; a mark alone is a side that ran on one number of rows, without what
was done for it beforehand. The dashed line is the memory that vikt was given. Text is dark on white, which a page of
either theme shows as it is.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from measuring import RESULTS
from vikt import plots
from vikt.plots.style import INK, MARKERS, SERIES, SMALL, in_style, short

PANELS = {"cpu_s": "CPU seconds", "peak_mb": "peak memory, MB"}
MB = {"MB": 1, "GB": 1000}


def points(results: dict[str, Any], key: str) -> dict[str, list[tuple[int, float]]]:
    """Rows and figure of each side, at every size that it ran on."""
    # An interrupted run may have no growth.
    grown = results.get("growth", {"sizes": []})["sizes"]
    sizes = [*grown, {"rows": results["data"]["rows"], "sides": results["sides"]}]
    found: dict[str, list[tuple[int, float]]] = {}
    for size in sizes:
        for name, row in size["sides"].items():
            found.setdefault(name, []).append((size["rows"], row[key]["median"]))
    return {name: sorted(of) for name, of in found.items()}


def allowed_mb(memory: str) -> float:
    return float(memory[:-2]) * MB[memory[-2:]]


def label_ticks(axis: Axis, multiples: Sequence[int]) -> None:
    """Label these multiples of each power of ten on a logarithmic axis, and no other place."""
    axis.set_major_locator(LogLocator(subs=multiples))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(short)


def is_short(axes: Axes) -> bool:
    """Whether the vertical axis spans less than two powers of ten, and so has room for more labels."""
    low, high = axes.get_ylim()
    return high < 100 * low


def draw(results: dict[str, Any]) -> Figure:
    figure = Figure(figsize=(10, 3.8), layout="constrained")
    for axes, (key, label) in zip(figure.subplots(1, len(PANELS)), PANELS.items(), strict=True):
        for (name, of), colour, marker in zip(points(results, key).items(), SERIES, MARKERS, strict=False):
            line = "-" if len(of) > 1 else ""
            axes.plot(*zip(*of, strict=True), linestyle=line, marker=marker, color=colour, label=name)
        axes.set(xscale="log", yscale="log", xlabel="rows", ylabel=label)
        label_ticks(axes.xaxis, (1, 3))
        label_ticks(axes.yaxis, (1, 2, 3, 5) if is_short(axes) else (1, 2, 5))
        axes.grid(True)
    axes.axhline(allowed_mb(results["memory"]), linestyle="--", color=INK, linewidth=1)
    axes.annotate(
        f"--memory {results['memory']}",
        (0, allowed_mb(results["memory"])),
        xycoords=("axes fraction", "data"),
        xytext=(6, 4),
        textcoords="offset points",
        fontsize=SMALL,
    )
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=RESULTS / "scaling.svg")
    output = parser.parse_args().output
    results = json.loads((RESULTS / "scaling.json").read_text())
    with in_style():
        picture = plots.svg(draw(results), "CPU seconds and peak memory against the rows", standalone=True)
    output.write_text(picture, encoding="utf-8")
    print(f"drawn to {output}")


if __name__ == "__main__":
    main()
