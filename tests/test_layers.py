"""A package imports only from those above it in the order in which the data flow."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

import vikt

ORDER = [
    "version",
    "mappings",
    "names",
    "errors",
    "tables",
    "markup",
    "parameters",
    "routing",
    "base",
    "progress",
    "arrays",
    "interruption",
    "compiled",
    "threads",
    "files",
    "corpus",
    "spool",
    "features",
    "matrix",
    "parts",
    "model",
    "solvers",
    "metrics",
    "decisions",
    "selection",
    "fitting",
    "estimators",
    "vectorizer",
    "evaluation",
    "explanation",
    "auditing",
    "plots",
    "report",
    "answers",
    "shrinking",
    "web",
    "export",
    "filtering",
    "server",
    "evaluable",
    "updatable",
    "exportable",
    "classifier",
    "cli",
    "__main__",
]
ROOT = Path(vikt.__file__).parent


@functools.cache
def _trees():
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in ROOT.rglob("*.py")}


def _imports(tree: ast.AST):
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("vikt"):
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("vikt"))


def test_every_module_imports_only_from_above():
    wrong = []
    for path, tree in _trees().items():
        own = path.relative_to(ROOT).with_suffix("").parts[0]
        if own == "__init__":
            continue
        for module in _imports(tree):
            parts = module.split(".")
            if len(parts) > 1 and ORDER.index(parts[1]) > ORDER.index(own):
                wrong.append(f"{path.relative_to(ROOT)} imports {module}")
    assert not wrong


def test_every_package_has_its_place():
    there = {path.stem for path in ROOT.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert there - {"__init__"} == set(ORDER)


def _module_of(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported_modules(tree, modules):
    """The modules of the package that a file imports, `from package import module` included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names} & modules
            yield from inner or {node.module} & modules
        elif isinstance(node, ast.Import):
            yield from {alias.name for alias in node.names} & modules


def test_no_file_imports_itself_in_a_circle():
    trees = {_module_of(path): tree for path, tree in _trees().items()}
    names = set(trees)
    remaining = {module: set(_imported_modules(tree, names)) - {module} for module, tree in trees.items()}
    # Take away the files that import none of those left, until only circles are left.
    while leaves := {module for module, imported in remaining.items() if not imported & set(remaining)}:
        remaining = {module: imported for module, imported in remaining.items() if module not in leaves}
    assert not remaining


def test_scikit_learn_is_imported_by_no_module_but_for_its_tags():
    for path, tree in _trees().items():
        top = [node for node in tree.body if isinstance(node, ast.ImportFrom | ast.Import)]
        names = [getattr(node, "module", None) or node.names[0].name for node in top]
        assert not any(name.startswith("sklearn") for name in names), path
