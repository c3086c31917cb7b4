"""Draw benchmarks/results/scaling.json: CPU seconds and peak memory against the rows.

    python benchmarks/plot_scaling.py [--output benchmarks/results/scaling.svg]

Needs matplotlib. A line is a side of the growth; a mark alone is a side that ran on one number of rows, without what
was done for it beforehand. The dashed line is the memory that vikt was allowed. Text is dark on white, which a page of
either theme shows as it is.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from measuring import RESULTS
from vikt import plots
from vikt.plots.style import INK, MARKERS, SERIES, in_style, short

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


def draw(results: dict[str, Any]) -> Figure:
    figure = Figure(figsize=(10, 3.8), layout="constrained")
    for axes, (key, label) in zip(figure.subplots(1, len(PANELS)), PANELS.items(), strict=True):
        for (name, of), colour, marker in zip(points(results, key).items(), SERIES, MARKERS, strict=False):
            axes.plot(*zip(*of, strict=True), marker=marker, color=colour, label=name)
        axes.set(xscale="log", yscale="log", xlabel="rows", ylabel=label)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(short)
            axis.set_minor_formatter(NullFormatter())
        axes.grid(True)
    axes.axhline(allowed_mb(results["memory"]), linestyle="--", color=INK, linewidth=1)
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
