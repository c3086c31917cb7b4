"""What object files of kernels may need, and what is no kernel."""

from __future__ import annotations

import ast
import importlib
import inspect
import math
import subprocess
from pathlib import Path

import pytest

import vikt
from vikt.compiled import compiled
from vikt.compiled.building import object_file
from vikt.compiled.loading import OUTSIDE, BuildError, processor
from vikt.compiled.scopes import imported_by
from vikt.compiled.signatures import Signature, entries_in

MODULES = [
    "vikt.auditing.kernels",
    "vikt.features.ngrams.character_kernels",
    "vikt.features.ngrams.entry_kernels",
    "vikt.features.ngrams.filling_kernels",
    "vikt.features.ngrams.hashing_kernels",
    "vikt.features.ngrams.learning_kernels",
    "vikt.features.ngrams.normalising_kernels",
    "vikt.features.ngrams.row_kernels",
    "vikt.features.ngrams.row_scoring_kernels",
    "vikt.features.ngrams.scoring_kernels",
    "vikt.features.ngrams.sieve_kernels",
    "vikt.features.ngrams.table_kernels",
    "vikt.features.ngrams.token_kernels",
    "vikt.features.packing_kernels",
    "vikt.matrix.curvature_kernels",
    "vikt.matrix.kernels",
    "vikt.matrix.order_kernels",
    "vikt.solvers.elastic_net_kernels",
    "vikt.solvers.label_kernels",
    "vikt.solvers.many_classes_kernels",
    "vikt.solvers.sum_kernels",
    "vikt.solvers.two_classes_kernels",
]
HEAD = "import math\nimport numpy as np\nfrom vikt.compiled.array_types import Float64s, Int64s\n"


@pytest.fixture
def module(tmp_path, monkeypatch, request):
    """A module of the kernels given."""
    name = f"kernels_{abs(hash(request.node.name))}"

    def made(code):
        (tmp_path / f"{name}.py").write_text(HEAD + code)
        importlib.invalidate_caches()
        return importlib.import_module(name).__name__

    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("VIKT_CACHE_DIR", str(tmp_path / "cache"))
    return made


@pytest.mark.parametrize(
    ("kernel", "needed"),
    [
        ("def f(x: float) -> float:\n    return math.tan(x)\n", "tan"),
        ("def f(x: float) -> float:\n    return x**1.5\n", "pow"),
        ("def f(x: float) -> float:\n    return math.log(np.float32(x))\n", "logf"),
        ("def f(n: int) -> int:\n    return len(np.empty(n))\n", "empty"),
        (
            "def f(x: float) -> float:\n    return g(x)\n\n\ndef g(x: float) -> float:\n    return math.gamma(x)\n",
            "gamma",
        ),
    ],
    ids=["tan", "power", "single precision", "allocation", "within another"],
)
def test_what_no_process_is_sure_to_have_stops_the_build(module, kernel, needed):
    with pytest.raises(BuildError, match=needed):
        object_file(module(kernel), processor())


@pytest.mark.parametrize(
    "kernel",
    [
        "def f(x: float) -> int:\n    return x, 1\n",
        "def f(x: float) -> tuple[float, float]:\n    return x\n",
        "def f(x: float) -> None:\n    return x\n",
    ],
)
def test_what_is_returned_must_be_what_is_annotated(module, kernel):
    with pytest.raises(BuildError, match="is not what is annotated"):
        object_file(module(kernel), processor())


@pytest.mark.parametrize("annotation", ["list", "np.ndarray", "'str'", "complex"])
def test_parameters_of_other_types_are_no_kernels(module, annotation):
    with pytest.raises(TypeError, match="is no type of kernels"):
        object_file(module(f"def f(x: {annotation}) -> None:\n    pass\n"), processor())


def test_where_building_ahead_fails_kernels_are_compiled_in_each_process(module):
    name = module("def f(x: float) -> float:\n    return math.tan(x)\n")
    with pytest.warns(RuntimeWarning, match="compiling anew in each process.* need tan"):
        assert compiled(name).f(1.0) == math.tan(1.0)


@pytest.mark.parametrize("name", MODULES)
def test_all_entries_are_annotated_and_need_nothing_but_kernels(name):
    module = importlib.import_module(name)
    for kernel in entries_in(name).values():
        assert Signature.of(kernel).leaves
    imports = [
        node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    imported = {getattr(node, "module", None) or node.names[0].name for node in imports}
    assert imported <= {
        "__future__",
        "math",
        "numpy",
        "typing",
        "vikt.compiled.array_types",
        "vikt.compiled.intrinsics",
        *imported_by(Path(module.__file__)),
    }


def test_all_modules_of_kernels_are_known_here():
    root = Path(vikt.__file__).parent.parent
    found = [path.relative_to(root).with_suffix("").parts for path in root.rglob("vikt/**/*kernels.py")]
    assert sorted(map(".".join, found)) == MODULES


@pytest.mark.slow
@pytest.mark.parametrize("name", MODULES)
def test_object_files_leave_nothing_undefined_but_what_is_listed(name, tmp_path):
    importlib.import_module(name)
    (tmp_path / "kernels.o").write_bytes(object_file(name, processor()))
    told = subprocess.run(["nm", "-u", tmp_path / "kernels.o"], capture_output=True, text=True, check=True)
    # Whatever loads the object makes the table.
    assert {line.split()[-1] for line in told.stdout.splitlines()} <= OUTSIDE | {"_GLOBAL_OFFSET_TABLE_"}
