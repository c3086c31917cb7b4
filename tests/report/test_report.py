"""The reports of the commands and of Python."""

from __future__ import annotations

import json
import random
import re
import shutil
import sys

import pytest

import vikt
from report_checks import EVIL, read
from vikt.errors import OutputFileError, UsageError
from vikt.report.html import writing


@pytest.fixture
def mails(tmp_path, emails):
    """A table of e-mails and their labels."""
    path = tmp_path / "mails.jsonl"
    rows = [json.dumps({"text": text, "label": label}) for text, label in zip(*emails, strict=True)]
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder of what is trained once."""
    return tmp_path_factory.mktemp("made")


@pytest.fixture
def trained(run, mails, made, tmp_path):
    """A model and the report of its training."""
    if not any(made.iterdir()):
        code, _, err = run("train", mails, "--analyzer", "word", "-o", made / "m.vikt", "--report", made / "r.html")
        assert code == 0, err
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path / "m.vikt", tmp_path / "r.html"


def test_training_writes_a_report_with_every_section(trained, run):
    page = read(trained[1].read_text(encoding="utf-8"))
    anchors = [name for name in page.ids if not name.endswith("-title")]
    assert [name for name in anchors if not re.match("mistakes-|v[0-9a-f]{10}-", name)] == [
        "content", "data", "audit", "metrics", "confusion", "calibration", "words", "confident", "fit", "reproduce",
    ]  # fmt: skip
    assert "vikt train mails.jsonl --analyzer word" in page.text
    assert str(trained[0].parent) not in page.text
    figures = json.loads(run("inspect", trained[0], "--json")[1])
    fingerprint = figures["model"]["data"]["fingerprint"] if "model" in figures else figures["data"]["fingerprint"]
    assert fingerprint in page.text


def test_the_same_work_gives_the_same_report_elsewhere(trained, mails, run, tmp_path):
    lines = mails.read_text(encoding="utf-8").splitlines()
    (tmp_path / "elsewhere").mkdir()
    moved = tmp_path / "elsewhere" / "mails.jsonl"
    moved.write_text("\n".join(lines), encoding="utf-8")
    report = tmp_path / "elsewhere" / "other.html"
    options = ["--analyzer", "word", "-o", tmp_path / "n.vikt", "--report", report, "--threads", "2", "-q"]
    assert run("train", moved, *options)[0] == 0
    assert report.read_bytes() == trained[1].read_bytes()


def test_evaluation_writes_a_report(trained, mails, run, tmp_path):
    report = tmp_path / "e.html"
    assert run("evaluate", trained[0], mails, "--report", report)[0] == 0
    page = read(report.read_text(encoding="utf-8"))
    assert "vikt evaluate m.vikt mails.jsonl" in page.text
    assert "400" in page.text


@pytest.mark.parametrize(
    ("report", "code", "message"),
    [
        ("mails.jsonl", 2, "is an input"),
        ("m.vikt", 2, "is an input"),
        ("-", 2, "--report: expected a file"),
        ("note.html", 1, "exists and is not a vikt report; choose another file, or overwrite it with --force"),
        ("nowhere/r.html", 1, "choose another folder with --report"),
    ],
)
def test_a_report_that_cannot_be_written_is_refused_before_the_work(
    trained, mails, run, tmp_path, report, code, message
):
    (tmp_path / "note.html").write_text("mine", encoding="utf-8")
    target = report if report == "-" else tmp_path / report
    before = mails.read_bytes(), trained[0].read_bytes(), (tmp_path / "note.html").read_bytes()
    found, out, err = run("evaluate", trained[0], mails, "--report", target)
    assert (found, out) == (code, "")
    assert message in err
    assert (mails.read_bytes(), trained[0].read_bytes(), (tmp_path / "note.html").read_bytes()) == before


def test_a_report_is_no_other_output_of_the_command(mails, run, tmp_path):
    code, _, err = run("train", mails, "-o", tmp_path / "x", "--report", tmp_path / "x")
    assert code == 2
    assert "is both the report and another output" in err
    assert not (tmp_path / "x").exists()


def test_a_missing_package_ends_the_command_before_the_work(trained, mails, run, tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "find_spec", lambda name: None)
    code, out, err = run("evaluate", trained[0], mails, "--report", tmp_path / "e.html")
    assert (code, out) == (1, "")
    assert "in a clone of vikt: pip install '.[report]'" in err


def test_python_writes_the_report_too(tmp_path, emails):
    texts, labels = emails
    classifier = vikt.TextClassifier(analyzer="word", l2=0.01).fit(texts, labels)
    classifier.report(tmp_path / "r.html", texts, labels, by="length")
    page = read((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert "slices" in page.ids
    assert "vikt.TextClassifier(analyzer='word', l2=0.01).fit(texts, labels)" in page.text
    (tmp_path / "r.html").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputFileError, match="force=True"):
        classifier.report(tmp_path / "r.html", texts, labels)


def test_an_evaluation_reports_the_conditions_required(trained, mails, run, tmp_path):
    report = tmp_path / "e.html"
    conditions = ["--require", "accuracy >= 0.5", "--require", "log_loss < 0"]
    assert run("evaluate", trained[0], mails, *conditions, "--report", report)[0] == 3
    text = read(report.read_text(encoding="utf-8")).text
    assert "accuracy >= 0.5 is met" in text
    assert "log_loss < 0 is not met" in text


def test_comparison_and_audit_write_reports(trained, mails, run, tmp_path):
    for command, models in (("compare", (trained[0], trained[0])), ("audit", ())):
        report = tmp_path / f"{command}.html"
        assert run(command, *models, mails, "--report", report)[0] in (0, 3)
        page = read(report.read_text(encoding="utf-8"))
        assert f"vikt {command}" in page.text
        assert str(tmp_path) not in page.text


def test_an_audit_reports_the_label_errors_that_it_wrote(mails, run, tmp_path):
    report, review = tmp_path / "audit.html", tmp_path / "review.csv"
    lines = mails.read_text(encoding="utf-8").splitlines()
    flipped = [line.replace('"spam"', '"ham"') if i < 40 else line for i, line in enumerate(lines)]
    mails.write_text("\n".join(flipped), encoding="utf-8")
    options = ["--analyzer", "word", "-o", review, "--report", report]
    assert run("audit", mails, *options)[0] in (0, 3)
    page = read(report.read_text(encoding="utf-8"))
    assert "label-errors" in page.ids
    assert "vikt audit mails.jsonl --output review.csv --analyzer word" in page.text


def test_python_writes_reports_of_audits_and_comparisons(tmp_path):
    texts, labels = [f"{EVIL} win", f"{EVIL} lunch", f"{EVIL} win"] * 5, [EVIL, "ham", "ham"] * 5
    found = vikt.audit(texts, labels)
    vikt.write_report(tmp_path / "audit.html", found)
    page = read((tmp_path / "audit.html").read_text(encoding="utf-8"))
    assert all(finding.message in page.text for finding in found.findings)
    swapped = [EVIL if label == "ham" else "ham" for label in labels]
    words, others = (vikt.TextClassifier("word", l2=0.01, min_df=1).fit(texts, own) for own in (labels, swapped))
    compared = vikt.compare(words, others, texts, labels)
    vikt.write_report(tmp_path / "compare.html", compared)
    page = read((tmp_path / "compare.html").read_text(encoding="utf-8")).text
    assert f"{compared.n_rows} rows" in page
    assert compared.examples
    assert all(f"index {row.row}" in page for row in compared.examples)
    with pytest.raises(OutputFileError):
        vikt.write_report(tmp_path, compared)
    with pytest.raises(UsageError, match=r"found ModelEvaluation; classifier\.report\(path, texts, labels\) writes"):
        vikt.write_report(tmp_path / "e.html", words.evaluate(texts, labels))


def test_python_writes_the_report_of_label_errors(tmp_path, emails):
    texts, labels = emails[0], list(emails[1])
    labels[:5] = ["ham" if label == "spam" else "spam" for label in labels[:5]]
    found = vikt.TextClassifier(analyzer="word", l2=1e-4).label_errors(texts, labels)
    vikt.write_report(tmp_path / "labels.html", found)
    page = read((tmp_path / "labels.html").read_text(encoding="utf-8"))
    assert found.summary in page.text
    assert f"index {found.rows[0]}" in page.text


@pytest.mark.parametrize("n_labels", [3, 14])
def test_what_the_data_say_is_text(tmp_path, n_labels):
    texts = [f"{EVIL} {'word' * k}" for k in range(n_labels)] * 10
    labels = [f"{EVIL}{k}" for k in range(n_labels)] * 10
    classifier = vikt.TextClassifier(analyzer="char", l2=0.01, min_df=1).fit(texts, labels)
    classifier.report(tmp_path / "r.html", texts, labels[1:] + labels[:1])
    page = read((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert "img" not in page.tags
    assert "{{7*7}}" in page.text


def test_rows_without_an_answer_are_counted_in_the_matrix(mails, run, tmp_path):
    report = tmp_path / "r.html"
    options = ["--analyzer", "word", "--aim", "macro_f1", "-o", tmp_path / "m.vikt", "--report", report]
    assert run("train", mails, *options)[0] == 0
    unknown = json.dumps({"text": "qzxv qzxv", "label": "ham"})
    mails.write_text("\n".join([mails.read_text(encoding="utf-8"), unknown, unknown]), encoding="utf-8")
    assert run("evaluate", tmp_path / "m.vikt", mails, "--report", report)[0] == 0
    page = read(report.read_text(encoding="utf-8"))
    assert "no answer" in page.text
    assert re.search(r"2 rows are not answered and count as wrong", page.text)


def test_rows_without_an_answer_are_not_called_free_of_mistakes(tmp_path):
    texts = [f"{words} {n}" for n in range(200) for words in ("cash prize", "lunch report")]
    classifier = vikt.TextClassifier("word", l2=0.01, aim="f1").fit(texts, ["spam", "ham"] * 200)
    classifier.report(tmp_path / "r.html", ["cash prize", "lunch report", "???", "!!!"], ["spam", "ham", "ham", "spam"])
    page = read((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert page.text.count("None of its answers is wrong; 2 rows are not answered.") == 2
    assert "no mistakes" not in page.text


def test_a_report_stays_small_however_large_the_data(tmp_path):
    draw = random.Random(0)
    labels = [f"{'long' * 100} {draw.randrange(150)}" for _ in range(1500)]
    texts = [f"{'word ' * 2000} {draw.random()}" for _ in labels]
    classifier = vikt.TextClassifier(analyzer="word", ngrams=(1, 1), l2=0.1).fit(texts, labels)
    classifier.report(tmp_path / "r.html", texts, labels)
    assert (tmp_path / "r.html").stat().st_size < 3e6


def test_the_command_imports_no_template_engine_without_a_report(trained, mails, tmp_path):
    import subprocess

    code = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); "
    code += "from vikt.cli.main import main; main()"
    done = subprocess.run([sys.executable, "-c", code, "evaluate", *map(str, (trained[0], mails))], capture_output=True)
    assert not {"jinja2", "matplotlib"} & set(done.stderr.decode().split())
    assert done.returncode == 0


def test_a_report_whose_name_is_not_of_html_is_refused(mails, run, tmp_path):
    code, _, err = run("audit", mails, "--report", tmp_path / "r.pdf")
    assert code == 2
    assert "r.pdf; a report is HTML" in err
    assert not (tmp_path / "r.pdf").exists()
