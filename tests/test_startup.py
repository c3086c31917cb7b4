"""What a process imports before it answers: no more than the answer needs."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import vikt
from vikt.corpus.read_tables import Table
from vikt.corpus.writers import TableWriter

TABLES, COMPILER, SCIENCE = {"pyarrow"}, {"numba", "llvmlite"}, {"scipy", "sklearn"}
# Of these NumPy imports two where they are first named, and the standard library is as slow as some packages.
PARTS = {"numpy.ma", "numpy.random", "pydantic", "email", "importlib.metadata", "multiprocessing", "asyncio"}
HEAVY = {"numpy", "pandas", "rich", "matplotlib", "jinja2", *TABLES, *COMPILER, *SCIENCE, *PARTS}
TELL = "import atexit, sys; atexit.register(lambda: print(*sys.modules, sep='\\n', file=sys.stderr)); "
COMMAND = TELL + "from vikt.cli.main import main; main()"


def imported(code, *args, **options):
    """What a process of its own has imported of the heavy packages at its end, and what it has printed."""
    env = os.environ | {"PYTHONWARNINGS": "error"}
    done = subprocess.run([sys.executable, "-c", code, *map(str, args)], capture_output=True, env=env, **options)
    assert done.returncode == 0, done.stderr
    return HEAVY & set(done.stderr.decode().split()), done.stdout


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "m.vikt"
    texts, labels = ["win money now", "lunch på fredag", "win a prize", "the report"] * 3, ["spam", "ham"] * 6
    vikt.TextClassifier(min_df=1, l2=0.01).fit(texts, labels).save(path)
    return path


def test_the_package_imports_nothing_heavy():
    assert imported(TELL + "import vikt") == (set(), b"")


def test_pictures_import_matplotlib_when_drawn_and_never_its_windows():
    assert imported(TELL + "import vikt; vikt.plots.roc") == ({"numpy"}, b"")
    code = "import sys, vikt; vikt.plots.svg(vikt.plots.loss_curves(), 't'); print('matplotlib.pyplot' in sys.modules)"
    packages, out = imported(TELL + code)
    assert {"matplotlib"} <= packages <= {"matplotlib", "rich", "numpy", *PARTS}
    assert out == b"False\n"


@pytest.mark.parametrize("command", [(), ("train",), ("audit",), ("predict",), ("explain",), ("serve",)])
def test_help_imports_nothing_heavy(command):
    packages, out = imported(COMMAND, *command, "--help")
    assert packages == set()
    assert b"Usage" in out


def test_the_version_imports_nothing_heavy():
    assert imported(COMMAND, "--version") == (set(), f"vikt {vikt.__version__}\n".encode())


@pytest.mark.parametrize("options", [(), ("--json",), ("--proba",), ("-o", "out.txt")])
def test_predicting_a_line_imports_numpy_alone(model, tmp_path, options):
    packages, out = imported(COMMAND, "predict", model, *options, input=b"win money\n", cwd=tmp_path)
    assert packages == {"numpy"}
    assert b"spam" in (out or (tmp_path / "out.txt").read_bytes())


def test_predicting_a_parquet_file_imports_no_pandas(model, tmp_path):
    pq.write_table(pa.table({"text": ["win money"], "when": [datetime.date(2026, 1, 1)]}), tmp_path / "new.parquet")
    packages, out = imported(COMMAND, "predict", model, tmp_path / "new.parquet")
    assert packages == {"numpy", "pyarrow"}
    assert b"spam" in out


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet"])
def test_training_imports_neither_pandas_nor_what_reports_need(tmp_path, suffix):
    texts = [f"{word} {i}" for i in range(20) for word in ("win money", '"the" report')]
    path = tmp_path / f"mails.{suffix}"
    with path.open("wb") as file, TableWriter(file, str(path)) as writer:
        writer.write(Table.from_columns(["text"], [texts], "mails"), {"label": ["spam", "ham"] * 20})
    packages, out = imported(COMMAND, "train", path, "--test", path, "--min-df", 1, "--l2", 0.01, cwd=tmp_path)
    # The order in which a solver visits rows is drawn at random; quantiles import masked arrays.
    assert packages <= {"numpy", "numpy.ma", "numpy.random", "pyarrow", "rich", "scipy", *COMPILER}
    assert b"accuracy" in out


@pytest.mark.parametrize("command", ["explain", "inspect"])
def test_showing_a_model_reads_no_tables(model, command):
    packages, out = imported(COMMAND, command, model, input=b"win money\n")
    assert packages <= {"numpy", "rich"}
    assert b"spam" in out


def test_a_classifier_at_work_imports_numpy_alone(model):
    code = "import sys, vikt; c = vikt.load(sys.argv[1]); print(c.predict(['win']), c.predict_proba(['win']).shape)"
    assert imported(TELL + code + "; c.explain('win money')", model) == ({"numpy"}, b"['spam'] (1, 2)\n")
