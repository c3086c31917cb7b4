"""A whole training by Vowpal Wabbit, as bench_train.py has it run: learn, leave a model, answer, tell the figures.

python benchmarks/work_train.py SIDE FOLDER
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import prepared
import work_predict

SIDES = {name: side for name, side in work_predict.SIDES.items() if name.startswith("Vowpal Wabbit")}


def figures(margins: list[float], labels: list[str]) -> dict[str, float]:
    """Accuracy and log loss of the scores."""
    signed = [margin if label == "pos" else -margin for margin, label in zip(margins, labels, strict=True)]
    losses = [math.log1p(math.exp(-margin)) for margin in signed]
    return {"accuracy": sum(margin > 0 for margin in signed) / len(signed), "log_loss": sum(losses) / len(losses)}


def main(name: str, folder: Path) -> None:
    side, model = SIDES[name], work_predict.model_path(name, folder)
    side.train(folder, model)
    side.load(folder, model).work()
    labels = prepared.read_lines(folder / "test.labels")
    print(json.dumps(figures(work_predict.margins(folder), labels)))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
