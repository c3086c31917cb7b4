"""Draw benchmarks/results/solvers.json: distance from the optimum against CPU seconds, a panel a problem.

    python benchmarks/plot_solvers.py [--C 10] [--output benchmarks/results/solvers.svg]

Needs matplotlib. A curve joins the fits of one solver at its several tolerances; what a solver does on the way is not
seen. Distances are those reached, below `FLOOR` drawn there; where no peer solves the same problem, ours is as proven.
LIBLINEAR's -s 7 solves another objective and stands at the distance from its own optimum.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib

from measuring import RESULTS

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import NullFormatter

FLOOR = 1e-9
COLUMNS = 3
COLOURS = {
    "vikt": "#000000",
    "lbfgs": "#0072b2",
    "newton-cg": "#56b4e9",
    "newton-cholesky": "#009e73",
    "saga": "#cc79a7",
    "LIBLINEAR -s 0 -R": "#d55e00",
    "LIBLINEAR -s 7": "#e69f00",
}


def points(runs: dict[str, Any]) -> tuple[list[float], list[float]]:
    """Seconds and distances, nearest last."""
    found = sorted((-row["distance"]["median"], row["cpu_s"]["median"]) for row in runs.values())
    return [seconds for _, seconds in found], [max(-distance, FLOOR) for distance, _ in found]


def draw(axes: Any, case: dict[str, Any]) -> None:
    for name, runs in ({"vikt": case["vikt"]} | case["peers"]).items():
        width = 2 if name == "vikt" else 1
        axes.plot(*points(runs), marker="o", markersize=3, linewidth=width, color=COLOURS[name], label=name)
    axes.set(title=case["problem"], xscale="log", yscale="log", ylim=(FLOOR / 2, 1), xlabel="CPU seconds")
    # Wide enough for one power of ten, the only numbers that find room.
    left, right = axes.get_xlim()
    axes.set_xlim(left / 3.2, right * 3.2)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(alpha=0.3)


def legend_of(panels: list[Any]) -> dict[str, Any]:
    """A line for each name, the first of that name."""
    found: dict[str, Any] = {}
    for axes in panels:
        for line, name in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(name, line)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--C", type=float, default=10.0)
    parser.add_argument("--output", type=Path, default=RESULTS / "solvers.svg", help="the ending says what it becomes")
    given = parser.parse_args()
    cases = [case for case in json.loads((RESULTS / "solvers.json").read_text())["cases"] if case["C"] == given.C]
    rows = -(-len(cases) // COLUMNS)
    figure, grid = plt.subplots(rows, COLUMNS, figsize=(4 * COLUMNS, 3.2 * rows), layout="constrained", squeeze=False)
    for axes, case in zip(grid.flat, cases, strict=False):
        draw(axes, case)
    for axes in grid[:, 0]:
        axes.set_ylabel("relative distance from the optimum")
    rest = grid.flat[len(cases) :]
    for axes in rest:
        axes.axis("off")
    legend = legend_of(list(grid.flat))
    place = {"loc": "center"} if len(rest) else {"loc": "lower right", "fontsize": "small"}
    (rest[0] if len(rest) else grid.flat[-1]).legend(legend.values(), legend.keys(), **place)
    figure.suptitle(f"C = {given.C:g}, one thread")
    figure.savefig(given.output)
    print(f"drawn to {given.output}")


if __name__ == "__main__":
    main()
