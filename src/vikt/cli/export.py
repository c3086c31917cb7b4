"""`vikt export`: a trained model as a file for other programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vikt.cli.console import print_json, progress
from vikt.cli.cost import cost_json, cost_lines, measured_cost, rows_to_measure
from vikt.cli.options import InputOptions
from vikt.cli.outputs import check_one_on_stdout, check_output, is_standard, show_beside, writing
from vikt.corpus.sources import check_read_once, find_sources
from vikt.errors import UsageError
from vikt.export.formats import ExportFormat, format_of
from vikt.fitting.saved import SavedModel
from vikt.fitting.trained import load_trained
from vikt.mappings import Json
from vikt.names import ExportFormatName
from vikt.report.as_json import certificate_json
from vikt.report.comparison import ModelComparison
from vikt.report.fit import proof
from vikt.shrinking.sizes import parsed_size
from vikt.tables import size


@dataclass(frozen=True, kw_only=True)
class Request(InputOptions):
    """The arguments of `vikt export`."""

    model: Path
    output: Path
    to: ExportFormatName | None
    size: str | None
    threads: int = 1
    force: bool = False
    as_json: bool = False
    quiet: bool = False


def export_model(request: Request) -> None:
    """Write a trained model in another format, and print its size and what that costs."""
    chosen, output = format_of(request.output, request.to), request.output
    name = "model" if is_standard(request.model) else request.model.stem
    fit = _fit(request, chosen, name)
    check_one_on_stdout(output, request.as_json)
    check_read_once([request.model, *request.data])
    inputs = [str(request.model), *find_sources(request.data)]
    check_output(output, inputs, request.force, chosen.kind, chosen.is_own)
    before = load_trained(request.model, request.data)
    rows = rows_to_measure(before, request, request.quiet)
    with progress(request.quiet) as bar:
        bar("exporting", 0, 0)
        after = fit(before)
        content = chosen.content(after, name)
        bar("measuring", 0, 0)
        cost = measured_cost(before, after, rows, request.threads)
    with writing(output) as file:
        file.write(content)
    if request.as_json:
        print_json(_as_json(request, after, len(content), cost))
    else:
        lines = [f"exported   {output}, {size(len(content))}", *(_lines(before, after) if request.size else [])]
        show_beside(output, ["\n".join(lines), "" if after is before else cost_lines(cost)], request.quiet)


def _fit(request: Request, chosen: ExportFormat, name: str) -> Callable[[SavedModel], SavedModel]:
    """What makes a model fit the size that is asked for. Raises UsageError where the options do not go together."""
    if request.size is None:
        if request.data:
            raise UsageError("--data measures what a smaller page costs; give --size too, as in: --size 3MB")
        return lambda saved: saved
    fitting, n_bytes = chosen.fitting, parsed_size(request.size)
    if fitting is None:
        raise UsageError("--size: only a page has a size to choose; leave it out, or export to an .html file")
    return lambda saved: fitting(saved, name, n_bytes)


def _lines(before: SavedModel, after: SavedModel) -> list[str]:
    """What is kept of a model, and that nothing is proven of the rest."""
    if after is before:
        return ["features   all, with their exact weights"]
    kept, of = after.model.features.n_features, before.model.features.n_features
    return [f"features   {kept:,} of {of:,}, with weights of 8 bits", f"proof      {proof(after.record.least_proven)}"]


def _as_json(request: Request, after: SavedModel, n_bytes: int, cost: ModelComparison | None) -> Json:
    about = {"path": str(request.output), "bytes": n_bytes, "features": after.model.features.n_features}
    return about | {"certificate": certificate_json(after.record)} | cost_json(cost)
