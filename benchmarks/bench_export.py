"""Classifiers in one HTML file: how large they are, how closely they agree with the model, what a size costs.

    python benchmarks/bench_export.py --folder models

Each model is trained as `vikt train` does by default, if the folder does not hold it already. Its page is written
whole, and to a size. 2,000 texts are answered in Node and in Chromium by the scripts of the page, and compared with the
model's own answers; of a page of a size, with the answers of the model whose weights are rounded in the same way. What
a size costs is measured on the corpus's test rows, a pair of answers to each, by `vikt.evaluation`. Seconds to the
first answer are those from opening the file in Chromium until a text, typed at once, is answered; the page itself waits
0.2 s for more to be typed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from measuring import DATA, HERE, machine, print_rows, save, spread

# How the tests run the scripts of a page.
sys.path.insert(0, str(HERE.parent / "tests"))
from browsing import chromium
from engine_runs import differences, in_chromium, in_node

# Training rows, test rows, options of `vikt train`, and sizes of pages.
CORPORA = {
    "imdb": ("imdb/train.parquet", "imdb/test.parquet", ["--label", "label"], ("3MB", "1MB")),
    "languages": ("languages/train.tsv", "languages/test.tsv", [], ("2MB", "1MB")),
    "sms": ("sms/sms.tsv", None, [], ("300kB",)),
    "trec": ("trec/train.tsv", "trec/test.tsv", ["--label", "label"], ("300kB",)),
    "emotions": ("emotions/train.tsv", "emotions/test.tsv", ["--labels-separator", ","], ("3MB",)),
    "names": ("names/tokens.csv", None, ["--text", "token", "--label", "tag"], ("500kB",)),
}
N_TEXTS = 2000


def trained(name: str, folder: Path) -> Path:
    """The default model of a corpus, trained unless the folder holds it."""
    training, _, options, _ = CORPORA[name]
    model = folder / f"{name}.vikt"
    if not model.exists():
        train = [sys.executable, "-m", "vikt", "train", str(DATA / training), *options, "-o", str(model), "-q"]
        subprocess.run(train, check=True, stdout=subprocess.DEVNULL)
    return model


def labelled_rows(saved: Any, path: str) -> Any:
    from vikt.cli.options import InputOptions
    from vikt.cli.trained_rows import labelled_as_trained

    given = InputOptions(data=[str(DATA / path)])
    return labelled_as_trained(saved, given.data, given, reading=saved.reading())


def some_texts(rows: Any) -> list[str]:
    """N_TEXTS texts from all over a corpus."""
    contents = list(rows.documents.texts)
    return [content.decode() for content in contents[:: max(1, len(contents) // N_TEXTS)][:N_TEXTS]]


def cost_of(before: Any, after: Any, rows: Any) -> dict[str, Any]:
    """The share of rows answered rightly by both models, and the difference with its interval."""
    from vikt.evaluation.comparison import compared

    found = compared(before.model, after.model, (rows.documents, rows.documents), rows.labels)
    return {"rows": found.n_rows, "figure": found.share, **found.differences[found.share].to_json()}


def agreement_of(saved: Any, texts: list[str]) -> dict[str, dict[str, float]]:
    return {where: differences(run, saved, texts) for where, run in (("node", in_node), ("chromium", in_chromium))}


def seconds_to_first_answer(page_file: Path, text: str, repeats: int) -> dict[str, float]:
    seconds = []
    with chromium() as browser:
        for _ in range(repeats):
            page, start = browser.new_page(), time.perf_counter()
            page.goto(f"file://{page_file}", wait_until="commit")
            page.fill("#text", text, timeout=120_000)
            page.locator("#verdict", has_text="%").wait_for(timeout=120_000)
            seconds.append(time.perf_counter() - start)
            page.close()
    return spread(seconds)


def page_figures(saved: Any, name: str, texts: list[str], folder: Path, repeats: int) -> dict[str, Any]:
    from vikt.export.html.page import page_of

    page = folder / f"{name}.html"
    page.write_bytes(page_of(saved, name))
    return {
        "bytes": page.stat().st_size,
        "features": saved.model.features.n_features,
        "agreement": agreement_of(saved, texts),
        "first_answer_s": seconds_to_first_answer(page, texts[0], repeats),
    }


def exported(name: str, folder: Path, repeats: int) -> dict[str, Any]:
    """The page of a default model of a corpus, whole and of some sizes."""
    from vikt.export.html.quantise import fitting_page
    from vikt.fitting.trained import load_trained
    from vikt.shrinking.sizes import parsed_size

    training, test, _, sizes = CORPORA[name]
    model = trained(name, folder)
    saved = load_trained(model)
    rows = labelled_rows(saved, test or training)
    texts = some_texts(rows) if len(rows.documents) >= N_TEXTS else some_texts(labelled_rows(saved, training))
    found: dict[str, Any] = {"model_bytes": model.stat().st_size, "texts": len(texts)}
    found["whole"] = page_figures(saved, name, texts, folder, repeats)
    found["sizes"] = {}
    for size in sizes:
        start = time.perf_counter()
        small = fitting_page(saved, name, parsed_size(size))
        seconds = time.perf_counter() - start
        figures = page_figures(small, name, texts, folder, repeats) | {"seconds": seconds}
        found["sizes"][size] = figures | ({"cost": cost_of(saved, small, rows)} if test else {})
    return found


def row(name: str, figures: dict[str, Any]) -> list[str]:
    cost = figures.get("cost")
    furthest = max(own["probability"] for own in figures["agreement"].values())
    return [
        name,
        f"{figures['bytes'] / 1e6:.2f}",
        f"{figures['features']:,}",
        f"{furthest:.0e}",
        f"{figures['first_answer_s']['median']:.2f}",
        "-" if cost is None else f"{100 * cost['value']:+.2f} ({100 * cost['low']:+.2f} to {100 * cost['high']:+.2f})",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", choices=list(CORPORA), action="append")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where models and pages are kept (default: nowhere)")
    given = parser.parse_args()
    corpora = {}
    with tempfile.TemporaryDirectory() as passing:
        folder = given.folder or Path(passing)
        folder.mkdir(parents=True, exist_ok=True)
        for name in given.corpus or CORPORA:
            corpora[name] = exported(name, folder, given.repeats)
            pages = {"whole": corpora[name]["whole"], **corpora[name]["sizes"]}
            header = ["page", "MB", "features", "furthest P", "first answer, s", "points of accuracy"]
            print_rows(name, header, [row(size, figures) for size, figures in pages.items()])
    save("export", {"machine": machine({}), "corpora": corpora}, partial=given.corpus)


if __name__ == "__main__":
    main()
