"""What the documents say holds."""

from __future__ import annotations

import doctest
import inspect
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import vikt
from target_files import write_news, write_scales
from vikt.corpus.formats import FORMATS
from vikt.features.handmade.declarations import KINDS, features_declared

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "docs/data.md",
        "docs/evaluation.md",
        "docs/features.md",
        "docs/plots.md",
        "docs/python.md",
        "docs/scikit-learn.md",
        "docs/targets.md",
    ],
)
def test_the_examples_of_a_page_run(name):
    failures, tried = doctest.testfile(str(ROOT / name), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert tried > 5
    assert failures == 0


def test_the_page_on_features_declares_in_toml_what_it_declares_in_python(tmp_path):
    page = (ROOT / "docs" / "features.md").read_text(encoding="utf-8")
    (tmp_path / "features.toml").write_text(re.findall(r"```toml\n(.*?)```", page, re.DOTALL)[0], encoding="utf-8")
    declared = features_declared(tmp_path / "features.toml")
    assert [feature.name for feature in declared] == ["button", "sums of money", "sender is kth.se", "misspelt"]
    assert {kind for kind in KINDS if f"| `{kind}` |" in page} == set(KINDS)


def test_the_page_on_data_names_every_format():
    page = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    assert [suffix for suffix in FORMATS if f"`{suffix}`" not in page] == []


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.stem)
def test_examples_run(path, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", [str(path)])
    runpy.run_path(str(path), run_name="__main__")
    assert capsys.readouterr().out


def test_every_public_name_resolves_and_has_a_docstring():
    for name in vikt.__all__:
        found = getattr(vikt, name)
        if name != "__version__":
            assert inspect.getdoc(found), name


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'LogisticRegresion'"):
        vikt.LogisticRegresion  # noqa: B018
    with pytest.raises(AttributeError, match=r"no attribute 'Load'; did you mean load\?$"):
        vikt.Load  # noqa: B018


def test_symbols_and_tests_named_in_the_lecture_map_exist():
    text = (ROOT / "docs" / "lecture.md").read_text(encoding="utf-8")
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    for name in set(re.findall(r"`(test_\w+)`", text)):
        assert f"def {name}(" in tests, name
    for link in re.findall(r"\]\((\.\./[^)]+)\)", text):
        assert (ROOT / "docs" / link).resolve().exists(), link
    for name in (
        "sigmoid",
        "h_θ(x)",
        "hyperparameter",
        "overfitting",
        "steepest ascent",
        "global minimum",
        "joint probability",
        "arg max",
    ):
        assert name in text


def test_the_lectures_path_is_short():
    files = [
        "model/functions.py",
        "model/losses.py",
        "model/objective.py",
        "solvers/gradient_descent.py",
        "model/linear.py",
    ]
    lines = [line for file in files for line in (ROOT / "src" / "vikt" / file).read_text(encoding="utf-8").splitlines()]
    assert sum(bool(line.strip()) for line in lines) <= 600


def test_importing_the_package_imports_nothing_heavy():
    code = "import sys, vikt; print([m for m in ('numpy', 'numba', 'scipy', 'pyarrow', 'typer') if m in sys.modules])"
    done = subprocess.run([__import__("sys").executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_classifier_at_work_needs_no_scikit_learn():
    code = (
        "import sys, vikt; c = vikt.TextClassifier(min_df=1, l2=0.1).fit(['a b', 'c d'], [0, 1]); c.predict(['a']);"
        "print('sklearn' in sys.modules, 'scipy.sparse' in sys.modules)"
    )
    done = subprocess.run([__import__("sys").executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == "False"


def test_the_terminal_session_of_the_readme_is_what_the_commands_print(tmp_path):
    (tmp_path / "src").symlink_to(ROOT / "src")
    assert type_in(ROOT / "README.md", tmp_path) == 3


def test_the_terminal_sessions_on_kinds_of_targets_are_what_the_commands_print(tmp_path):
    write_news(tmp_path / "news.csv")
    write_scales(tmp_path)
    assert type_in(ROOT / "docs" / "targets.md", tmp_path) > 10


def type_in(page, folder):
    """Type the commands of a page in a folder, and return how many there are.

    They print the words that are shown, and the numbers nearly, since processors round differently; "..." stands for
    anything in a line, and alone for any lines.
    """
    sessions = "".join(re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL))
    (folder / "vikt").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m vikt "$@"\n', encoding="utf-8")
    (folder / "vikt").chmod(0o755)
    environment = os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}
    steps = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", sessions, re.MULTILINE)
    for command, shown in steps:
        done = subprocess.run(
            command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=True
        )
        printed = iter([line for line in done.stdout.splitlines() if line.strip()])
        for line in filter(str.strip, shown.splitlines()):
            assert line == "..." or any(is_nearly(line, one) for one in printed), f"{line}\n{done.stdout}"
    return len(steps)


def is_nearly(line: str, other: str) -> bool:
    if "..." in line:
        return re.fullmatch(re.sub(r"(?:\\ )+", r"\\s+", re.escape(line)).replace(r"\.\.\.", ".*"), other) is not None
    number = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e-?\d+)?")
    if number.sub("#", line).split() != number.sub("#", other).split():
        return False
    pairs = zip(number.findall(line), number.findall(other), strict=True)
    return all(float(one) == pytest.approx(float(two), abs=2e-3) for one, two in pairs)


def test_the_demo_names_a_command_that_can_be_typed(monkeypatch, tmp_path):
    from vikt.cli.demo import command

    program = tmp_path / "clone" / ".venv" / "bin" / "vikt"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path / "clone")
    monkeypatch.setattr("sys.argv", [".venv/bin/vikt", "demo"])
    monkeypatch.setenv("PATH", os.defpath)
    assert command() == ".venv/bin/vikt"
    monkeypatch.setenv("PATH", str(program.parent))
    assert command() == "vikt"
