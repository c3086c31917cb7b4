"""`vikt shrink`: a smaller model of the most telling features."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vikt.cli.console import print_json, progress
from vikt.cli.cost import cost_json, cost_lines, measured_cost, rows_to_measure
from vikt.cli.options import InputOptions
from vikt.cli.outputs import check_one_on_stdout, check_output, is_standard, save_or_print, show_beside
from vikt.corpus.sources import check_read_once, find_sources
from vikt.errors import UsageError
from vikt.files.model_file import is_model
from vikt.fitting.saved import SavedModel
from vikt.fitting.trained import load_trained
from vikt.report.as_json import model_json
from vikt.report.fit import sized
from vikt.shrinking.shrunk import shrunk_by
from vikt.tables import counted


@dataclass(frozen=True, kw_only=True)
class Request(InputOptions):
    """The arguments of `vikt shrink`."""

    model: Path
    features: int | None
    size: str | None
    output: Path | None
    threads: int = 1
    force: bool = False
    as_json: bool = False
    quiet: bool = False


def shrink_model(request: Request) -> None:
    """Read, shrink, measure, save, report."""
    if (request.features is None) == (request.size is None):
        raise UsageError("expected either --features or --size; give one of them")
    output = _output(request)
    check_read_once([request.model, *request.data])
    check_output(output, [str(request.model), *find_sources(request.data)], request.force, "a vikt model", is_model)
    check_one_on_stdout(output, request.as_json)
    before = load_trained(request.model, request.data)
    rows = rows_to_measure(before, request, request.quiet)
    with progress(request.quiet) as bar:
        bar("shrinking", 0, 0)
        after = shrunk_by(before, request.features, request.size)
        bar("measuring", 0, 0)
        cost = measured_cost(before, after, rows, request.threads)
    save_or_print(after, output, request.force)
    if request.as_json:
        print_json({"model": model_json(output, after.model, after.record)} | cost_json(cost))
    else:
        show_beside(output, ["\n".join(_lines(request, before, after, output)), cost_lines(cost)], request.quiet)


def _output(request: Request) -> Path:
    """The file to write: by default beside the model, since a smaller one does not replace it."""
    if request.output is not None:
        return request.output
    if is_standard(request.model):
        raise UsageError("the model comes from standard input; name the file to write with -o")
    return request.model.with_stem(f"{request.model.stem}-small")


def _lines(request: Request, before: SavedModel, after: SavedModel, output: Path) -> Iterator[str]:
    """The sizes of both models, and what is kept of each part."""
    yield f"before     {sized(request.model)}, {counted(before.model.features.n_features, 'feature')}"
    all_of_them = ": all of them, since the model is small enough" * (after is before)
    yield f"model      {sized(output)}, {counted(after.model.features.n_features, 'feature')}{all_of_them}"
