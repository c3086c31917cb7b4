"""Estimators in a notebook, progress without a terminal, and names that users import."""

from __future__ import annotations

import ast
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

import vikt
from markup_checks import read_html
from vikt import errors
from vikt.errors import UsageError

TEXTS, LABELS = ["good film", "good fun", "bad film", "bad fun"], list("ppnn")
X = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]])


def test_an_unfitted_estimator_shows_its_parameters_and_marks_those_changed():
    html = vikt.TextClassifier(ngrams=(1, 2), class_weight={"<b>": 2.0})._repr_html_()
    text, _ = read_html(html)
    assert "TextClassifier, not fitted" in text
    assert "2 changed" in text
    assert html.count("<mark") == 4
    assert "{'<b>': 2.0}" in text
    assert all(name in text for name in vikt.TextClassifier().get_params())


def test_a_long_value_is_cut_off_visibly():
    text, _ = read_html(vikt.TextVectorizer(stop_words=["the", "and"] * 40)._repr_html_())
    assert "['the', 'and', " in text
    assert "…" in text
    assert "…" not in read_html(vikt.TextVectorizer()._repr_html_())[0]


@pytest.mark.parametrize(
    ("estimator", "rows", "facts"),
    [
        (vikt.TextClassifier(min_df=1, l2=0.01), TEXTS, ["2: n 2, p 2", "λ = 0.01 as given", "above the optimum"]),
        (vikt.LogisticRegression(l2=0.5), X, ["2: n, p", "λ = 0.5", "proven within"]),
        (vikt.LogisticRegression(l2=0.0), np.r_[X, X][::2], ["λ = 0", "nothing bounds the distance"]),
        (vikt.NaiveBayes(), X, ["2: n, p"]),
        (vikt.TextVectorizer(), TEXTS, ["terms", "4"]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_fitted_estimator_shows_what_is_known_of_it(estimator, rows, facts):
    text, _ = read_html(estimator.fit(rows, LABELS)._repr_html_())
    assert f"{type(estimator).__name__}, fitted" in text
    assert [fact for fact in facts if fact not in text] == []


def test_a_pipeline_draws_its_own_diagram():
    pipeline = make_pipeline(vikt.TextVectorizer(), vikt.LogisticRegression(C=3.0))
    for shown in (pipeline, pipeline.fit(TEXTS, LABELS)):
        html = shown._repr_html_()
        assert "sk-" in html
        assert "TextVectorizer" in html
        assert "LogisticRegression" in html


class Terminal(io.StringIO):
    """A stderr, on a terminal or in a notebook."""

    def __init__(self, is_terminal):
        super().__init__()
        self.isatty = lambda: is_terminal


def fitted_with(progress, monkeypatch, stderr):
    monkeypatch.setattr(sys, "stderr", stderr)
    texts = [f"{text} {i}" for i in range(20) for text in TEXTS]
    return vikt.TextClassifier("word", min_df=1).fit(texts, LABELS * 20, progress=progress)


def test_progress_without_a_terminal_is_a_line_for_each_stage(monkeypatch):
    stderr = Terminal(is_terminal=False)
    shown = fitted_with(True, monkeypatch, stderr)
    lines = stderr.getvalue().splitlines()
    assert {"features ...", "choosing λ ...", "fitting ..."} <= set(lines)
    assert len(lines) == len(set(lines))
    quiet = Terminal(is_terminal=False)
    assert np.array_equal(fitted_with(False, monkeypatch, quiet).coef_, shown.coef_)
    assert quiet.getvalue() == ""


def test_progress_on_a_terminal_is_a_bar(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    stderr = Terminal(is_terminal=True)
    fitted_with(True, monkeypatch, stderr)
    assert "fitting" in stderr.getvalue()
    assert "\x1b[" in stderr.getvalue()


def test_progress_survives_a_process_without_stderr(monkeypatch):
    assert fitted_with(True, monkeypatch, None).classes_.tolist() == ["n", "p"]


def test_a_function_is_called_with_the_progress():
    calls = []
    vikt.TextClassifier(min_df=1, l2=0.01).fit(TEXTS, LABELS, progress=lambda *call: calls.append(call))
    assert {stage for stage, _, _ in calls} >= {"features", "fitting"}
    with pytest.raises(UsageError, match="progress: expected True, False or a function, found 'yes'"):
        vikt.TextClassifier(min_df=1).fit(TEXTS, LABELS, progress="yes")


def test_every_error_is_reachable_named_and_documented():
    assert vikt.errors is errors
    assert vikt.ViktError is errors.ViktError
    assert {"errors", "ViktError"} <= set(dir(vikt))
    page = (Path(__file__).parents[1] / "docs" / "python.md").read_text(encoding="utf-8")
    own = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]
    assert len(own) > 15
    for error in own:
        assert error.__doc__, error
        assert f"{error.__name__}" in errors.__doc__, error
        assert f"`{error.__name__}`" in page, error
        if not issubclass(error, Warning):
            assert issubclass(error, vikt.ViktError)


def test_errors_are_found_without_another_import():
    code = "import vikt\ntry: vikt.load('none')\nexcept vikt.errors.InputFileError as e: print(type(e).__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "InputFileError\n"


def test_type_checkers_know_every_public_name():
    tree = ast.parse(Path(vikt.__file__).read_text(encoding="utf-8"))
    [block] = [node for node in tree.body if isinstance(node, ast.If)]
    known = {alias.asname for node in block.body for alias in node.names}
    assert known == set(vikt.__all__) - {"__version__"}
