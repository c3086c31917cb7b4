"""Put the figures of benchmarks/results/fit.json into the README, between its two marks."""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- benchmark: begin -->", "<!-- benchmark: end -->"


def table(results):
    machine, process = results["machine"], results["process"]
    lines = [
        f"Measured by `python benchmarks/bench_fit.py`: one thread of {machine['cores']} cores, a shared and noisy "
        f"machine, Python {machine['python']}, scikit-learn {machine['scikit-learn']}; believe the ratios.",
        "",
        "| fit at C = 10, same matrix | vikt s | distance from optimum (proven) | scikit-learn s "
        "| its distance | times faster |",
        "|---|---|---|---|---|---|",
    ]
    for row in results["fit"]:
        own, rival = row["vikt"], row["scikit-learn"]
        lines.append(
            f"| {row['problem']} | {own['wall_s']:.2f} | {own['distance']:.1e} ({own['certificate']:.1e}) "
            f"| {rival['wall_s']:.1f} | {rival['distance']:.1e} | {row['times_faster']:.0f} |"
        )
    lines += [
        "",
        "| whole process: IMDB Parquet to tested model, fixed penalty | seconds | peak MB "
        "| accuracy | log loss | model MB |",
        "|---|---|---|---|---|---|",
    ]
    names = {"vikt": "`vikt train`", "scikit-learn": "TfidfVectorizer + LogisticRegression"}
    for name, row in process.items():
        lines.append(
            f"| {names[name]} | {row['wall_s']:.1f} | {row['peak_mb']:.0f} | {row['accuracy']:.4f} "
            f"| {row['log_loss']:.4f} | {row['model_mb']:.1f} |"
        )
    lines += [
        "",
        f"The very first use compiles the hot loops once: {process['vikt']['wall_s_first_use']:.0f} s instead.",
    ]
    return "\n".join(lines)


def main():
    results = json.loads((ROOT / "benchmarks" / "results" / "fit.json").read_text())
    readme = ROOT / "README.md"
    before, rest = readme.read_text().split(BEGIN)
    readme.write_text(f"{before}{BEGIN}\n{table(results)}\n{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    main()
