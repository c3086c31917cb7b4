"""A package imports only from those above it in the order in which the data flow."""

from __future__ import annotations

import ast
from pathlib import Path

import vikt

ORDER = [
    "errors",
    "base",
    "names",
    "arrays",
    "compiled",
    "threads",
    "corpus",
    "features",
    "matrix",
    "model",
    "solvers",
    "metrics",
    "selection",
    "fitting",
    "estimators",
    "vectorizer",
    "evaluation",
    "explanation",
    "files",
    "classifier",
    "report",
    "answers",
    "cli",
    "__main__",
]
ROOT = Path(vikt.__file__).parent


def _imports(tree: ast.AST):
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("vikt"):
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("vikt"))


def test_every_module_imports_only_from_above():
    wrong = []
    for path in ROOT.rglob("*.py"):
        own = path.relative_to(ROOT).with_suffix("").parts[0]
        if own == "__init__":
            continue
        for module in _imports(ast.parse(path.read_text(encoding="utf-8"))):
            parts = module.split(".")
            if len(parts) > 1 and ORDER.index(parts[1]) > ORDER.index(own):
                wrong.append(f"{path.relative_to(ROOT)} imports {module}")
    assert not wrong


def test_every_package_has_its_place():
    there = {path.stem for path in ROOT.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert there - {"__init__"} == set(ORDER)


def test_scikit_learn_is_imported_by_no_module_but_for_its_tags():
    for path in ROOT.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        top = [node for node in tree.body if isinstance(node, ast.ImportFrom | ast.Import)]
        names = [getattr(node, "module", None) or node.names[0].name for node in top]
        assert not any(name.startswith("sklearn") for name in names), path
