"""Standard streams that are closed, full or broken; arguments in any locale; what a terminal would obey."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from vikt.classifier import TextClassifier

TEXTS = ["win money now", "lunch on friday", "the report is late"] * 5
LOCALES = [
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "de_DE.ISO-8859-1", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
]
posix = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("streams")
    TextClassifier(min_df=1, l2=0.01).fit(TEXTS, ["spam", "ham", "work"] * 5).save(folder / "m.vikt")
    return folder


@pytest.fixture
def shell(folder):
    """Run a line of the shell, in which `vikt` is the command: (exit code, stdout, stderr)."""

    def run(line, **environment):
        own = f"vikt() {{ '{sys.executable}' -m vikt \"$@\"; }}; {line}"
        done = subprocess.run(
            ["bash", "-c", own],
            cwd=folder, env=os.environ | environment, capture_output=True, timeout=120, check=False,
        )  # fmt: skip
        out, err = done.stdout.decode(errors="surrogateescape"), done.stderr.decode(errors="surrogateescape")
        assert "Traceback" not in err
        return done.returncode, out, err

    return run


@posix
@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("vikt predict m.vikt <&-", 1, "vikt: standard input: expected data, but it is closed"),
        ("vikt train - <&-", 1, "vikt: standard input: expected data, but it is closed"),
        ("vikt inspect m.vikt >&-", 1, "vikt: standard output: it is closed\n"),
        ("echo win | vikt predict m.vikt >&-", 1, "vikt: standard output: it is closed\n"),
        ("vikt --version >&-", 1, "vikt: standard output: it is closed\n"),
        ("vikt predict none.vikt 2>&-", 1, ""),
        ("vikt predict <&- >&- 2>&-", 2, ""),
    ],
)
def test_a_closed_stream_has_its_exit_code_and_no_traceback(shell, line, code, said):
    ended, out, err = shell(line)
    assert (ended, out) == (code, "")
    assert err.startswith(said)
    assert err.count("\n") == (said != "")


@posix
def test_without_stderr_the_work_is_done(shell, run, folder):
    expected = run("predict", folder / "m.vikt", "--proba", stdin=b"win\n")
    assert shell("echo win | vikt predict m.vikt --proba 2>&-")[:2] == expected[:2]


@posix
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", ["predict m.vikt many.txt", "train many.csv --l2 1e-3 -o -"])
def test_output_that_ends_early_has_its_exit_code(shell, folder, command, unbuffered):
    lines = [f"win money {i}" for i in range(2000)]
    (folder / "many.txt").write_text("\n".join(lines))
    (folder / "many.csv").write_text("label,text\n" + "".join(f"{i % 2},{line}\n" for i, line in enumerate(lines)))
    limited = f"trap '' XFSZ; ulimit -f 4; vikt {command} > limited"
    code, _, err = shell(limited, PYTHONUNBUFFERED=unbuffered)
    assert (code, err.splitlines()[-1:]) == (1, ["vikt: standard output: File too large"])


@posix
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("command", ["--help", "inspect m.vikt", "predict m.vikt m.vikt --format txt"])
def test_a_full_disk_has_its_exit_code(shell, command):
    code, _, err = shell(f"vikt {command} > /dev/full")
    assert code == 1
    assert err.splitlines()[-1:] == ["vikt: standard output: No space left on device"] or "expected UTF-8" in err


@posix
@pytest.mark.parametrize("locale", [LOCALES[0], pytest.param(LOCALES[1], marks=pytest.mark.slow)])
def test_arguments_are_utf8_in_any_locale(shell, run, folder, monkeypatch, locale):
    monkeypatch.chdir(folder)
    rows = "Größe,Text\n" + "".join(f"klein,win {n}\ngroß,lunch {n}\n" for n in range(20))
    (folder / "Größe.csv").write_text(rows, encoding="utf-8")
    train = "train Größe.csv --label Größe --text Text --min-df 1 --analyzer word --l2 0.01 -q --json -o %s.vikt"
    told = json.loads(shell(f"vikt {train % 'ö'}", **locale)[1])
    assert told["data"]["classes"] == {"groß": 20, "klein": 20}
    assert run(*(train % "u").split())[0] == 0
    assert (folder / "ö.vikt").read_bytes() == (folder / "u.vikt").read_bytes()
    explained = shell("vikt explain m.vikt 'schläft noch'", **locale)[1]
    assert explained == run("explain", "m.vikt", "schläft noch")[1]
    assert "schläft noch" in explained
    assert "keine-größe.csv: there is no such file" in shell("vikt predict m.vikt keine-größe.csv", **locale)[2]


@posix
@pytest.mark.parametrize("locale", [{}, LOCALES[0]], ids=["UTF-8", "C"])
def test_a_file_name_that_is_not_utf8(shell, folder, locale):
    try:
        (os.fsencode(folder) + b"/caf\xe9.txt").decode("latin-1")
        with open(os.fsencode(folder) + b"/caf\xe9.txt", "wb") as file:
            file.write(b"win money\n")
    except OSError:
        pytest.skip("this file system has names in UTF-8 alone")
    code, out, _ = shell(r"vikt predict m.vikt $'caf\xe9.txt'", **locale)
    assert (code, out[:5]) == (0, "spam\t")


def test_a_label_keeps_its_spaces_and_wide_letters_line_up(run, tmp_path):
    labels = ["very good", " very good", "スパム", "🎉🎉"]
    rows = [
        {"label": label, "text": f"{text} {n}"} for n in range(20) for label, text in zip(labels, "wxyz", strict=True)
    ]
    path = tmp_path / "d.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    code, out, _ = run(
        "train", path, "-o", tmp_path / "m.vikt", "-q", "--analyzer", "char", "--ngrams", "1", "--l2", "1e-3"
    )
    assert code == 0
    table = out[out.index("  class ") :].splitlines()[:5]
    assert [line[2:14].rstrip() for line in table[:1]] == ["class"]
    assert {"  very good ", "  ␣very␣good"} <= {line[:12] for line in table}
    # A wide letter takes two columns.
    width = {line.rstrip()[:0] + line: len(line) + sum(letter in "スパム🎉" for letter in line) for line in table}
    assert len(set(width.values())) == 1


EVIL = "a\x1b]0;owned\x07\u202eb\r\x9bc"


def test_nothing_that_a_terminal_obeys_is_printed(run, tmp_path):
    rows = [
        {"label": label, EVIL: f"{text} {n}"} for n in range(20) for label, text in ((EVIL, EVIL), ("ham", "lunch"))
    ]
    path, model = tmp_path / "d.jsonl", tmp_path / "m.vikt"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    outputs = [
        run("train", path, "-o", model, "--label", "label", "--analyzer", "char", "--ngrams", "1-2"),
        run("evaluate", model, path),
        run("explain", model, EVIL),
        run("inspect", model),
        run("train", path, "-o", model, "--label", EVIL + "x"),
    ]
    for _, out, err in outputs:
        assert not set(EVIL) & set(out + err) - set("a]0;ownedbc")
    assert [code for code, *_ in outputs] == [0, 0, 0, 0, 1]


def test_a_path_that_is_not_utf8_is_valid_json(run, folder, tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.vikt")
    try:
        shutil.copy(folder / "m.vikt", path)
    except OSError:
        pytest.skip("this file system has names in UTF-8 alone")
    code, out, _ = run("inspect", path, "--json")
    assert (code, json.loads(out)["path"]) == (0, path)
    code, out, _ = run("inspect", path)
    assert code == 0
    assert "caf\\udce9.vikt" in out
