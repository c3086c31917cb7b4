"""A trained model of columns, without text, as an ONNX graph.

The graph takes numbers, rows of numbers and categories under the names of their columns, (N, 1) or (N, width). It gives
`probabilities`, (N, K), and what is answered: `label`, (N,), or of several labels `answers`, (N, K).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.corpus.texts import Texts
from vikt.errors import MissingPackageError, UsageError
from vikt.features.handmade.spec import HandmadeSpec
from vikt.fitting.model import FittedModel
from vikt.fitting.saved import SavedModel
from vikt.names import TargetKind

KIND = "an ONNX graph that vikt exported"
_PRODUCER = "vikt"
# The first version whose Equal compares strings, and the format of files that came with it.
_OPSET, _IR_VERSION = 19, 9


def onnx_of(saved: SavedModel, name: str) -> bytes:
    """The ONNX graph of a model of columns.

    Raises
    ------
    UsageError
        The model reads text, or has another feature that ONNX has no operator for.
    MissingPackageError
        onnx is not installed.
    """
    model = saved.model
    declared = model.features.spec().handmade
    _check(model, declared)
    try:
        import onnx
    except ImportError:
        raise MissingPackageError.of_extra("an ONNX graph", ["onnx"], "onnx") from None
    graph = _Graph(onnx)
    blocks = [_ENCODED[own.encoder](graph, own) for own in declared]
    features = graph.add("Concat", blocks, axis=1) if len(blocks) > 1 else blocks[0]
    weights, intercepts = (graph.constant(array) for array in _weights(model))
    _ANSWERED[model.kind](graph, model, graph.add("Gemm", [features, weights, intercepts]))
    return bytes(graph.model(name, {"classes": json.dumps(model.labels)}).SerializeToString())


def is_onnx_of_vikt(path: Path) -> bool:
    """Whether a file is a graph of vikt's: its producer follows the version of the format."""
    with path.open("rb") as file:
        return file.read(8) == bytes([8, _IR_VERSION, 18, len(_PRODUCER)]) + _PRODUCER.encode()


def _check(model: FittedModel, declared: tuple[HandmadeSpec, ...]) -> None:
    if model.features.reads_text:
        raise UsageError(
            "ONNX has no operators for vikt's text features: Unicode normalisation, words, characters and "
            "n-grams; export to html or sklearn instead"
        )
    other = next((own for own in declared if own.encoder not in _ENCODED or own.declaration.get("offset")), None)
    if other is not None:
        name, kind = other.declaration["name"], other.declaration["kind"]
        raise UsageError(f"ONNX takes numbers, dense rows and categories of columns, found {name!r}, of kind {kind!r}")


def _weights(model: FittedModel) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The weights, (n, K) or (n, 1), and the intercepts, divided by the temperature."""
    by_feature = model.theta.T.reshape(model.theta.shape[-1], -1).astype(np.float64) / model.decision.temperature
    return by_feature[1:].astype(np.float32), by_feature[0].astype(np.float32)


# A message of ONNX's protocol buffers, whose classes are made at run time.
OnnxMessage = Any


@dataclass
class _Graph:
    """A graph in the making; a value is known by its name."""

    onnx: ModuleType
    nodes: list[OnnxMessage] = field(default_factory=list)
    constants: list[OnnxMessage] = field(default_factory=list)
    inputs: dict[str, OnnxMessage] = field(default_factory=dict)
    outputs: list[OnnxMessage] = field(default_factory=list)

    def add(self, operator: str, inputs: list[str], output: str = "", **attributes: object) -> str:
        """The output of an operator on values."""
        output = output or f"{operator.lower()} {len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(operator, inputs, [output], **attributes))
        return output

    def constant(self, array: NDArray[np.generic]) -> str:
        name = f"constant {len(self.constants)}"
        self.constants.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def input(self, column: str, dtype: type, width: int) -> str:
        """A column that the graph reads, which several features may share."""
        info = self._info(column, dtype, ["N", width])
        if self.inputs.setdefault(column, info) != info:
            raise UsageError(f"column {column!r}: ONNX gives a column one type, found features of two; use two columns")
        return column

    def output(self, name: str, dtype: type, shape: list[str | int]) -> None:
        self.outputs.append(self._info(name, dtype, shape))

    def cast(self, value: str, dtype: type, output: str = "") -> str:
        return self.add("Cast", [value], output, to=self._type(dtype))

    def model(self, name: str, about: Mapping[str, str]) -> OnnxMessage:
        """The whole model. Raises what the checker of ONNX raises where it is invalid."""
        helper = self.onnx.helper
        graph = helper.make_graph(self.nodes, name or "vikt", list(self.inputs.values()), self.outputs, self.constants)
        opset = helper.make_opsetid("", _OPSET)
        model = helper.make_model(graph, producer_name=_PRODUCER, opset_imports=[opset], ir_version=_IR_VERSION)
        helper.set_model_props(model, dict(about))
        self.onnx.checker.check_model(model)
        return model

    def _info(self, name: str, dtype: type, shape: list[str | int]) -> OnnxMessage:
        return self.onnx.helper.make_tensor_value_info(name, self._type(dtype), shape)

    def _type(self, dtype: type) -> int:
        types = self.onnx.TensorProto
        of: dict[type, int] = {np.float32: types.FLOAT, np.float64: types.DOUBLE, np.int64: types.INT64}
        return int(of.get(dtype, types.STRING))


def _column(own: HandmadeSpec) -> str:
    return str(own.declaration.get("column") or own.declaration["name"])


def _scaled(graph: _Graph, own: HandmadeSpec) -> str:
    """(value - mean)/scale in double precision, since values may be large and differ little."""
    mean, scale = own.arrays["mean_and_scale"].tolist()
    value = graph.input(_column(own), np.float64, 1)
    centred = graph.add("Sub", [value, graph.constant(np.array([[mean]]))])
    # One that is the same in all training rows is 0, whatever it is.
    factor = graph.constant(np.array([[1 / scale if scale > 0 else 0.0]]))
    return graph.cast(graph.add("Mul", [centred, factor]), np.float32)


def _block(graph: _Graph, own: HandmadeSpec) -> str:
    width, scale = own.arrays["width_and_scale"].tolist()
    value = graph.input(_column(own), np.float32, int(width))
    return graph.add("Div", [value, graph.constant(np.array([[scale or 1.0]], dtype=np.float32))])


def _categories(graph: _Graph, own: HandmadeSpec) -> str:
    """1 in the column of the value, if it has one."""
    values = Texts(own.arrays["values"].tobytes(), own.arrays["offsets"]).strings()
    value = graph.input(_column(own), str, 1)
    known = graph.constant(np.array([values], dtype=object))
    return graph.cast(graph.add("Equal", [value, known]), np.float32)


_ENCODED: Mapping[str, Callable[[_Graph, HandmadeSpec], str]] = {
    "Scaled": _scaled,
    "Block": _block,
    "Categories": _categories,
}


def _of_classes(graph: _Graph, model: FittedModel, scores: str) -> None:
    """The probabilities of classes that exclude one another, and the most probable class."""
    if len(model.classes) == 2:
        scores = graph.add("Mul", [scores, graph.constant(np.array([[0.0, 1.0]], dtype=np.float32))])
    graph.add("Softmax", [scores], "probabilities", axis=1)
    graph.output("probabilities", np.float32, ["N", len(model.classes)])
    if model.decision.answers_most_probable:
        _label(graph, model, graph.add("ArgMax", ["probabilities"], axis=1, keepdims=0))


def _of_sets(graph: _Graph, model: FittedModel, scores: str) -> None:
    """The probability of each label, and whether it reaches the threshold."""
    graph.add("Sigmoid", [scores], "probabilities")
    graph.output("probabilities", np.float32, ["N", len(model.classes)])
    least = graph.constant(np.array([model.label_thresholds.thresholds], dtype=np.float32))
    reached = graph.add("GreaterOrEqual", ["probabilities", least])
    graph.cast(reached, np.int64, "answers")
    graph.output("answers", np.int64, ["N", len(model.classes)])


def _of_levels(graph: _Graph, model: FittedModel, scores: str) -> None:
    """P(y ≤ k) = σ(cut_k - score), the differences of these, and the first level whose cut is not below the score."""
    cuts = graph.constant(np.array([model.cuts], dtype=np.float32))
    at_most = graph.add("Sigmoid", [graph.add("Sub", [cuts, scores])])
    n_cuts = len(model.cuts)
    difference = np.eye(n_cuts, n_cuts + 1, dtype=np.float32) - np.eye(n_cuts, n_cuts + 1, k=1, dtype=np.float32)
    last = np.eye(1, n_cuts + 1, k=n_cuts, dtype=np.float32)
    graph.add("Gemm", [at_most, graph.constant(difference), graph.constant(last)], "probabilities")
    graph.output("probabilities", np.float32, ["N", len(model.classes)])
    above = graph.cast(graph.add("Greater", [scores, cuts]), np.int64)
    _label(graph, model, graph.add("ReduceSum", [above, graph.constant(np.array([1]))], keepdims=0))


def _label(graph: _Graph, model: FittedModel, place: str) -> None:
    graph.add("Gather", [graph.constant(np.array(model.labels, dtype=object)), place], "label")
    graph.output("label", str, ["N"])


_ANSWERED: Mapping[TargetKind, Callable[[_Graph, FittedModel, str], None]] = {
    "classes": _of_classes,
    "soft": _of_classes,
    "several": _of_sets,
    "ordered": _of_levels,
}
