"""What the documents say holds."""

from __future__ import annotations

import doctest
import inspect
import itertools
import os
import re
import runpy
import shlex
import subprocess
from pathlib import Path

import pytest

import vikt
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
        "docs/filter.md",
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


@pytest.fixture
def example(capsys, monkeypatch):
    """Run an example with arguments: what it prints."""

    def call(path, *arguments):
        monkeypatch.setattr("sys.argv", [str(path), *map(str, arguments)])
        runpy.run_path(str(path), run_name="__main__")
        return capsys.readouterr().out

    return call


EXAMPLES = ROOT / "examples"
NAME_TAGGER = EXAMPLES / "name_tagger.py"
TARGET_FILES = EXAMPLES / "target_files.py"
DATATROVE_FILTER = EXAMPLES / "datatrove_filter.py"


@pytest.mark.parametrize(
    "path",
    sorted({*EXAMPLES.glob("*.py")} - {NAME_TAGGER, TARGET_FILES, DATATROVE_FILTER}),
    ids=lambda path: path.stem,
)
def test_examples_run(example, path):
    assert example(path)


def test_the_example_of_a_name_tagger_runs_on_the_first_tokens(example, corpus, tmp_path):
    with corpus("names/tokens.csv").open(encoding="utf-8") as tokens:
        (tmp_path / "tokens.csv").write_text("".join(itertools.islice(tokens, 5000)), encoding="utf-8")
    assert example(NAME_TAGGER, tmp_path / "tokens.csv").count("accuracy 0.") == 2


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
    code = "import sys, vikt; print([m for m in ('numpy', 'numba', 'scipy', 'pyarrow', 'click') if m in sys.modules])"
    done = subprocess.run([__import__("sys").executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_classifier_at_work_needs_no_scikit_learn():
    code = (
        "import sys, vikt; c = vikt.TextClassifier(min_df=1, l2=0.1).fit(['a b', 'c d'], [0, 1]); c.predict(['a']);"
        "print('sklearn' in sys.modules, 'scipy.sparse' in sys.modules)"
    )
    done = subprocess.run([__import__("sys").executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == "False"


@pytest.fixture
def typed(run, monkeypatch, tmp_path):
    """Type the commands of a page in an own folder, and return how many there are.

    They print what is shown, to the last digit; "..." stands for anything in a line, as for digits in which processors
    differ, and alone for any lines.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")

    def printed_by(line):
        # A process takes a second to start, so that a command is run in this one.
        out = ""
        for command in line.split(" | "):
            if command.startswith("vikt "):
                code, out, err = run(*shlex.split(command)[1:], stdin=out.encode())
                assert code == 0, err
            else:
                out = subprocess.run(command, shell=True, input=out, capture_output=True, text=True, check=True).stdout
        return out

    def call(page):
        sessions = "".join(re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL))
        steps = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", sessions, re.MULTILINE)
        for line, shown in steps:
            out = printed_by(line)
            printed = iter([line for line in out.splitlines() if line.strip()])
            for expected in filter(str.strip, shown.splitlines()):
                assert expected == "..." or any(shows(expected, one) for one in printed), f"{expected}\n{out}"
        return len(steps)

    return call


def test_the_terminal_session_of_the_readme_is_what_the_commands_print(typed, tmp_path):
    (tmp_path / "src").symlink_to(ROOT / "src")
    assert typed(ROOT / "README.md") == 3


def test_the_terminal_sessions_on_kinds_of_targets_are_what_the_commands_print(typed, example, tmp_path):
    assert "news.csv" in example(TARGET_FILES, tmp_path)
    assert typed(ROOT / "docs" / "targets.md") > 10


def shows(line: str, printed: str) -> bool:
    """Whether a line of a page is one that is printed, but for the widths of gaps."""
    pattern = re.sub(r"(?:\\ )+", r"\\s+", re.escape(line)).replace(r"\.\.\.", ".*")
    return re.fullmatch(pattern, printed) is not None


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
