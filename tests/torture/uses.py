"""Uses of a file by a process that others watch: a line in names it, a line out says what came of it."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import resource
import sys
import traceback
from pathlib import Path
from typing import Any

TEXTS = [
    "win money now",
    "lunch on friday",
    "",
    "the internationalisation of telecommunications",
    "漢字 é \U0001f600 " * 9,
]


def use_model(path: Path) -> None:
    """Load, answer, explain, describe and save a model."""
    import vikt
    from vikt.cli.inspect import inspect_model
    from vikt.corpus.documents import Documents
    from vikt.explanation.linear import explain_answer
    from vikt.features.handmade.declarations import declaration

    with contextlib.redirect_stdout(io.StringIO()):
        for as_json in (True, False):
            inspect_model(path, as_json)
    classifier = vikt.load(path)
    model, features = classifier.model_, classifier.model_.features
    text = model.text_column if features.reads_text else None
    kinds = dict.fromkeys(features.columns, "")
    for feature in features.settings.handmade:
        if feature.needs is not None:
            kinds[feature.needs] = declaration(feature)["kind"]
    columns = {name: values_of(kind) for name, kind in kinds.items()}
    frame = {model.text_column: TEXTS, **columns}
    classifier.predict(frame)
    probabilities = classifier.predict_proba(frame)
    assert ((probabilities >= 0) & (probabilities <= 1)).all(), "a probability that is none"
    one = Documents.of({name: values[:1] for name, values in frame.items()}, text, features.columns)
    str(explain_answer(model, one))
    features.spec()
    classifier.card()
    classifier.to_html()
    classifier.shrink(features=5).predict(frame)
    with contextlib.suppress(OSError):
        classifier.save("/dev/null")


def values_of(kind: str) -> Any:
    """A column that a hand-made feature of this kind reads."""
    import pyarrow as pa

    from vikt.corpus.read_labelled import PAIRS

    values, arrow_type = {
        "number": (1.5, pa.float64()), "dense": ([1.0, 2.0], pa.list_(pa.float64())), "numbered": ([(3, 0.5)], PAIRS),
    }.get(kind, ("b", pa.string()))  # fmt: skip
    return pa.array([values] * len(TEXTS), arrow_type)


def use_data(path: Path) -> None:
    """Read a table whole and in batches, and its columns as strings."""
    from vikt.corpus.readers import read_batches, read_table

    for table in (read_table(path), *read_batches(path, rows_per_batch=100)):
        for name in table.names[:20]:
            with contextlib.suppress(errors()):
                table.strings(name)


def use_filter(path: Path) -> None:
    """Filter a file by the model beside it."""
    from vikt.cli.filter import Request, filter_corpus
    from vikt.corpus.dialect import Dialect

    request = Request(
        data=[str(path)], out=str(path.parent / "filtered"), keep="P(spam) < 0.5", text=None, split=None, scores=True,
        dialect=Dialect(), threads=1, force=True, as_json=True, quiet=True,
    )  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()):
        filter_corpus(path.parent / "fitted.vikt", request)


def errors() -> type[Exception]:
    from vikt.errors import ViktError

    return ViktError


USES = {"model": use_model, "data": use_data, "filter": use_filter}


def outcome_of(use: Any, path: Path) -> tuple[str, str]:
    try:
        use(path)
    except errors() as error:
        said = str(error)
        return ("refused", type(error).__name__) if "\n" not in said else ("fault", f"several lines: {said!r:.200}")
    except BaseException as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return "fault", f"{type(error).__name__}: {error!s:.200} ({Path(where.filename).name}:{where.lineno})"
    return "worked", ""


def peak_mb() -> float:
    """The most memory held since `forget_peak`."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1000


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def warmed_up() -> None:
    """Import and compile what the cases need, so that it is not counted among what they take."""
    from vikt.compiled import compiled
    from vikt.features.ngrams import row_kernels, row_scoring_kernels, table_kernels, token_kernels

    for kernels in (token_kernels, table_kernels, row_kernels, row_scoring_kernels):
        compiled(kernels.__name__)


def main() -> None:
    use, limit = USES[sys.argv[1]], int(sys.argv[2]) * 1_000_000
    out = sys.stdout
    warmed_up()
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print("ready", flush=True)
    for line in sys.stdin:
        forget_peak()
        before = peak_mb()
        ended, why = outcome_of(use, Path(json.loads(line)))
        print(json.dumps({"ended": ended, "why": why, "mb": peak_mb() - before}), file=out, flush=True)
        gc.collect()


if __name__ == "__main__":
    main()
