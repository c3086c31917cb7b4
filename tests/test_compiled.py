"""One definition, run two ways: plain and compiled kernels agree, and users are told of compilation."""

from __future__ import annotations

import functools
import importlib
import logging
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vikt.compiled

KERNELS = '''
import math
import numpy as np

PRIME, START, ALL = np.uint64(0x100000001B3), np.uint64(0xCBF29CE484222325), np.uint64(0xFFFFFFFFFFFFFFFF)
STEP = 3


def fnv(text, start, end):
    value = START
    for i in range(start, end):
        value = ((value ^ text[i]) * PRIME) & ALL
    return value


def hash_each(text, offsets, hashes):
    for i in range(offsets.shape[0] - 1):
        hashes[i] = fnv(text, offsets[i], offsets[i + 1])


def lengths(values, weights, out):
    """Of each row, weighted; and the number of those that are not zero."""
    n = 0
    for i in range(values.shape[0]):
        total = 0.0
        for j in range(values.shape[1]):
            total += 1.0 * weights[j] * values[i, j] * values[i, j]
        out[i] = math.sqrt(total)
        n += total > 0
    return n, STEP


def next_of(n):
    return n + 1
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder that holds kernels to be run both ways, and a cache of what was compiled."""
    folder = tmp_path_factory.mktemp("kernels")
    (folder / "toy_kernels.py").write_text(KERNELS)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setattr("numba.config.CACHE_DIR", str(folder / "cache"))
        importlib.import_module("toy_kernels")
        yield folder


@pytest.fixture
def fresh(folder, monkeypatch):
    """The module as in a new process: nothing compiled, nothing said."""
    for name in ("compiled", "_say_once_that_it_compiles"):
        monkeypatch.setattr(vikt.compiled, name, functools.cache(getattr(vikt.compiled, name).__wrapped__))
    monkeypatch.setattr(vikt.compiled, "_plain_work", 0)
    return vikt.compiled


@pytest.fixture(scope="module")
def both(folder):
    return vikt.compiled._plain("toy_kernels"), vikt.compiled.compiled("toy_kernels")


@settings(deadline=None)
@given(texts=st.lists(st.binary(max_size=30), max_size=8))
def test_hashes_wrap_alike(both, texts):
    text = np.frombuffer(b"".join(texts) + b" ", dtype=np.uint8)
    offsets = np.cumsum([0, *map(len, texts)])
    found = [np.empty(len(texts), dtype=np.uint64) for _ in both]
    for kernels, hashes in zip(both, found, strict=True):
        kernels.hash_each(text, offsets, hashes)
    assert found[0].tolist() == found[1].tolist()


def test_the_hash_is_that_of_fowler_noll_and_vo(both):
    # The published values of FNV-1a in 64 bits.
    for text, expected in ((b"", 0xCBF29CE484222325), (b"a", 0xAF63DC4C8601EC8C), (b"foobar", 0x85944171F73967E8)):
        for kernels in both:
            assert kernels.fnv(np.frombuffer(text + b" ", dtype=np.uint8), 0, len(text)) == expected


@settings(deadline=None)
@given(
    rows=st.lists(st.lists(st.floats(-(2.0**60), 2.0**60, width=32), min_size=3, max_size=3), max_size=5),
    weights=st.lists(st.floats(0, 2.0**60, width=32), min_size=3, max_size=3),
)
def test_floats_agree_to_the_last_bit(both, rows, weights):
    values = np.array(rows, dtype=np.float32).reshape(-1, 3)
    found = [np.empty(len(rows), dtype=np.float32) for _ in both]
    told = [k.lengths(values, np.array(weights, np.float32), out) for k, out in zip(both, found, strict=True)]
    assert told[0] == told[1]
    assert found[0].tobytes() == found[1].tobytes()


def test_plain_kernels_take_arrays_of_any_layout(both):
    plain, ones = both[0], np.ones(2)
    values, out = np.arange(8.0).reshape(2, 4), np.empty(2)
    read_only = values.T.copy().T[:, ::2]
    read_only.flags.writeable = False
    assert plain.lengths(read_only, ones, out) == (2, 3)
    np.testing.assert_array_equal(out, np.hypot([0, 4], [2, 6]))
    assert plain.lengths(np.empty((0, 2)), ones, np.empty(0)) == (0, 3)


def test_plain_kernels_meet_and_give_pythons_numbers(both):
    # NumPy's own would wrap here, with a warning.
    assert both[0].next_of(np.uint8(255)) == 256
    assert type(both[0].next_of(np.int32(1))) is int
    assert type(both[0].fnv(np.zeros(1, dtype=np.uint8), 0, 1)) is int


def test_little_work_runs_plain_until_it_adds_up(fresh):
    most = fresh._MOST_PLAIN_WORK
    plain = fresh.kernels_for("toy_kernels", most // 2)
    assert fresh.kernels_for("toy_kernels", most - most // 2) is plain
    compiled = fresh.kernels_for("toy_kernels", 1)
    assert compiled is not plain
    assert compiled is fresh.compiled("toy_kernels")


def test_what_is_compiled_once_stays_compiled(fresh):
    compiled = fresh.compiled("toy_kernels")
    assert fresh.kernels_for("toy_kernels", 0) is compiled


def test_compilation_is_told_once_and_only_where_nothing_is_kept(fresh, folder, monkeypatch, caplog):
    monkeypatch.setattr("numba.config.CACHE_DIR", str(folder / "another"))
    caplog.set_level(logging.INFO, "vikt")
    for _ in range(2):
        kernels = fresh.compiled("toy_kernels")
        assert kernels.next_of(1) == 2
        assert kernels.next_of(1.5) == 2.5
        assert len(caplog.records) == 1
        # As in the next process.
        fresh.compiled.cache_clear()
        fresh._say_once_that_it_compiles.cache_clear()
    assert "for the first time" in caplog.text


@pytest.mark.usefixtures("heeds_ctrl_c")
def test_an_interruption_waits_until_the_compiler_is_done(fresh, folder, monkeypatch):
    """Ctrl-C from within the compiler, which would lose it or break by it."""
    from numba.core.compiler import Compiler

    compile, compiled = Compiler.compile_extra, []

    def interrupted_compile(self, *args):
        os.kill(os.getpid(), signal.SIGINT)
        compiled.append(compile(self, *args))
        return compiled[-1]

    monkeypatch.setattr("numba.config.CACHE_DIR", str(folder / "interrupted"))
    monkeypatch.setattr(Compiler, "compile_extra", interrupted_compile)
    kernels = fresh.compiled("toy_kernels")
    with pytest.raises(KeyboardInterrupt):
        kernels.next_of(1)
    assert len(compiled) == 1
    assert kernels.next_of(1) == 2


def test_processes_that_save_at_once_keep_their_code_apart(folder, tmp_path):
    """Each compiles one function for another type, and another process then loads all of it."""
    code = (
        "import sys, numpy as np, toy_kernels; from vikt.compiled import compiled; "
        "print(*(compiled('toy_kernels').next_of(getattr(np, name)(3)) for name in sys.argv[1:]))"
    )
    env = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": os.pathsep.join([str(folder), *sys.path])}
    types = ["int8", "float64", "float32"]

    def started(*names):
        return subprocess.Popen([sys.executable, "-c", code, *names], env=env, stdout=subprocess.PIPE, text=True)

    def answered(processes):
        return [process.communicate(timeout=120)[0].strip() for process in processes]

    assert answered([started(name) for name in types]) == ["4", "4.0", "4.0"]
    assert answered([started(*types)]) == ["4 4.0 4.0"]
    assert len(list(tmp_path.rglob("*.nbc"))) == len(types)


@pytest.mark.parametrize("quiet", [False, True])
def test_the_command_line_prints_what_is_logged(quiet):
    code = (
        "import logging; from vikt.cli.console import guarded; "
        f"guarded(lambda quiet: logging.getLogger('vikt').info('compiling'))(quiet={quiet})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stderr == (b"" if quiet else b"compiling\n")
