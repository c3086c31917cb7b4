"""`vikt export`: a trained model as a file for other programs."""

from __future__ import annotations

from pathlib import Path

from vikt.cli.console import print_json
from vikt.cli.outputs import check_one_on_stdout, check_output, show_beside, writing
from vikt.corpus.sources import check_read_once
from vikt.export.formats import format_of
from vikt.files.trained import load_trained
from vikt.names import ExportFormatName
from vikt.tables import size


def export_model(
    path: Path, output: Path, to: ExportFormatName | None, *, force: bool, as_json: bool, quiet: bool
) -> None:
    """Write a trained model in another format, and print its size."""
    chosen = format_of(output, to)
    check_one_on_stdout(output, as_json)
    check_read_once([path])
    check_output(output, [str(path)], force, chosen.kind, chosen.is_own)
    saved = load_trained(path)
    content = chosen.content(saved, path.stem)
    with writing(output) as file:
        file.write(content)
    if as_json:
        print_json({"path": str(output), "bytes": len(content), "features": saved.model.features.n_features})
    else:
        show_beside(output, [f"exported   {output}, {size(len(content))}"], quiet)
