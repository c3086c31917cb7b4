"""A vikt model in the place of fastText's in a pipeline of datatrove: filters a folder of JSONL files.

    pip install datatrove
    python examples/datatrove_filter.py model.vikt corpus/ kept/ LABEL 0.9

`ViktClassifierFilter` takes the arguments of datatrove's `FastTextClassifierFilter`, with the path of a vikt model as
its `model_url`.
"""

from __future__ import annotations

import sys
import tempfile
from typing import Any

from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.filters import FastTextClassifierFilter
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers.jsonl import JsonlWriter
from datatrove.utils.text import split_into_parts

import vikt


class ViktClassifierFilter(FastTextClassifierFilter):
    """datatrove's filter by a classifier, with a model of vikt, which answers the texts of a batch at once."""

    name = "vikt"

    def __new__(cls, *args: Any, **options: Any) -> ViktClassifierFilter:
        # datatrove would ask for fastText's packages, which are not needed.
        return object.__new__(cls)

    def __init__(self, *args: Any, batch_size: int = 1000, **options: Any) -> None:
        super().__init__(*args, **options)
        self.batch_size = batch_size

    @property
    def model(self) -> Answered:
        if self._model is None:
            model = vikt.fasttext_model(self.model_url)
            named = {f"__label__{label}" for label, _ in [*(self.keep_labels or []), *(self.remove_labels or [])]}
            unknown = named.difference(model.labels)
            if unknown:
                raise ValueError(f"{self.model_url} has no label {min(unknown)}; it has {', '.join(model.labels)}")
            self._model = Answered(model)
        return self._model

    def filter_batch(self, batch: list[Document]) -> list[bool | tuple[bool, str]]:
        units = [unit for document in batch for unit in split_into_parts(document.text, mode=self.filter_mode)]
        self.model.answer([unit.strip().replace("\n", self.newline_replacement) for unit in units])
        return super().filter_batch(batch)


class Answered:
    """A model whose answers to some texts are worked out ahead: at once is many times as fast as one by one."""

    def __init__(self, model: Any) -> None:
        self._model, self._answers = model, dict[str, Any]()

    def answer(self, texts: list[str]) -> None:
        self._answers = dict(zip(texts, zip(*self._model.predict(texts, k=-1), strict=True), strict=True))

    def predict(self, text: str, k: int = -1) -> Any:
        return self._answers[text]


def main(model: str, corpus: str, kept: str, label: str, least: str) -> None:
    steps = [
        JsonlReader(corpus),
        ViktClassifierFilter(model, keep_labels=(label, float(least))),
        JsonlWriter(kept, compression=None),
    ]
    with tempfile.TemporaryDirectory() as logs:
        LocalPipelineExecutor(pipeline=steps, logging_dir=logs, skip_completed=False).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
