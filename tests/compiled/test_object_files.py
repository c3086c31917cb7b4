"""Where compiled kernels come from: a cache that may be empty, damaged, shared, or not to be written."""

from __future__ import annotations

import functools
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import vikt.compiled
from vikt.compiled import object_files

NOTICE = "compiled code cannot be kept on disk"


@pytest.fixture
def fresh(toy, monkeypatch):
    """The module as in a new process: nothing compiled, nothing said."""
    for module, name in (
        (object_files, "_say_once_that_it_compiles"),
        (object_files, "_say_once_that_there_is_no_cache"),
    ):
        monkeypatch.setattr(module, name, functools.cache(getattr(module, name).__wrapped__))
    monkeypatch.setattr(vikt.compiled, "_plain_work", 0)
    monkeypatch.setattr(vikt.compiled, "_loaded", {})
    return vikt.compiled


def again(fresh):
    """As in the next process."""
    fresh._loaded.clear()
    object_files._say_once_that_it_compiles.cache_clear()
    object_files._say_once_that_there_is_no_cache.cache_clear()


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """An empty cache."""
    monkeypatch.setenv("VIKT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_little_work_runs_plain_until_it_adds_up(fresh, toy, ahead):
    most = fresh._MOST_PLAIN_WORK
    plain = fresh.kernels_for(toy, most // 2)
    assert fresh.kernels_for(toy, most - most // 2) is plain
    compiled = fresh.kernels_for(toy, 1)
    assert compiled is not plain
    assert compiled is fresh.compiled(toy)


def test_more_work_runs_plain_where_nothing_was_compiled_before(fresh, toy, empty):
    assert fresh._MOST_PLAIN_WORK < fresh._MOST_PLAIN_WORK_UNCOMPILED
    assert fresh.kernels_for(toy, fresh._MOST_PLAIN_WORK_UNCOMPILED) is vikt.compiled.plain(toy)


def test_what_is_compiled_once_stays_compiled(fresh, toy):
    compiled = fresh.compiled(toy)
    assert fresh.kernels_for(toy, 0) is compiled


def test_compilation_is_told_once_and_only_where_nothing_is_kept(fresh, toy, empty, caplog):
    caplog.set_level(logging.INFO, "vikt")
    for _ in range(2):
        assert fresh.compiled(toy).next_of(1) == 2
        assert len(caplog.records) == 1
        again(fresh)
    assert "for the first time" in caplog.text


@pytest.mark.parametrize(
    "damage",
    [pytest.param(b"", marks=pytest.mark.slow), b"\0" * 50, None, pytest.param("longer", marks=pytest.mark.slow)],
    ids=["empty", "zeros", "cut", "longer"],
)
def test_damaged_compiled_code_is_made_again(fresh, toy, empty, damage, caplog):
    fresh.compiled(toy)
    (kept,) = empty.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-9] if damage is None else whole + b"x" if damage == "longer" else damage)
    again(fresh)
    caplog.clear()
    caplog.set_level(logging.INFO, "vikt")
    assert fresh.compiled(toy).next_of(1) == 2
    assert len(caplog.records) == 1
    assert [path.name for path in empty.iterdir()] == [kept.name]
    assert len(kept.read_bytes()) == len(whole)


def test_code_that_was_not_used_for_long_is_removed_and_nothing_else(fresh, toy, empty):
    fresh.compiled(toy)
    (kept,) = empty.iterdir()
    digest = kept.stem.rpartition("-")[2]
    old, new, read = (empty / f"vikt.{name}_kernels-{digest}.kernels" for name in ("old", "new", "read"))
    others = [empty / name for name in ("mine.kernels", "mine-1.kernels", "old.txt", f"{digest}.kernels")]
    for path in (old, new, read, *others):
        path.write_bytes(b"")
    now = time.time()
    half_a_year_ago = now - 183 * 24 * 3600
    os.utime(read, (now, half_a_year_ago))
    for path in (old, *others):
        os.utime(path, (half_a_year_ago, half_a_year_ago))
    kept.unlink()
    again(fresh)
    fresh.compiled(toy)
    assert set(empty.iterdir()) == {kept, new, read, *others}


def a_file(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("VIKT_CACHE_DIR", str(tmp_path / "file"))


def a_name_too_long(monkeypatch, tmp_path):
    monkeypatch.setenv("VIKT_CACHE_DIR", str(tmp_path / ("a" * 300)))


def a_locked_folder(monkeypatch, tmp_path):
    """As of another user."""
    if sys.platform == "win32" or os.geteuid() == 0:
        pytest.skip("such a folder is not locked")
    (tmp_path / "locked").mkdir(mode=0)
    monkeypatch.setenv("VIKT_CACHE_DIR", str(tmp_path / "locked" / "cache"))


def no_home(monkeypatch, tmp_path):
    """As in a container that runs under a user id that the system does not know."""
    pwd = pytest.importorskip("pwd")
    monkeypatch.setattr(pwd, "getpwuid", {}.__getitem__)
    for name in ("VIKT_CACHE_DIR", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("place", [a_file, a_name_too_long, a_locked_folder, no_home])
def test_without_a_place_for_compiled_code_all_works_with_one_notice(fresh, toy, tmp_path, monkeypatch, place):
    place(monkeypatch, tmp_path)
    assert fresh.kernels_for(toy, 0).next_of(1) == 2
    with pytest.warns(RuntimeWarning, match=f"{NOTICE}.*set VIKT_CACHE_DIR") as said:
        assert fresh.compiled(toy).next_of(1) == 2
    assert len(said) == 1


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"VIKT_CACHE_DIR": "own", "XDG_CACHE_HOME": "xdg"}, "own"),
        ({"VIKT_CACHE_DIR": "", "XDG_CACHE_HOME": "xdg"}, "xdg/vikt"),
        ({"VIKT_CACHE_DIR": "", "XDG_CACHE_HOME": "", "HOME": "/somewhere"}, "/somewhere/.cache/vikt"),
    ],
    ids=["ours", "the desktop's", "home"],
)
@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="these have folders of their own")
def test_the_cache_is_where_the_user_wants_it(monkeypatch, variables, folder):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert str(object_files._cache_folder()) == folder


@pytest.mark.parametrize(
    ("module_name", "old", "new"),
    [("toy_kernels", b"n + 1", b"n + 2"), ("toy_hashing_kernels", b"KEPT = ALL", b"KEPT = START")],
    ids=["its own", "imported"],
)
def test_code_is_kept_anew_for_each_state_of_the_kernels(toy, tmp_path, monkeypatch, module_name, old, new):
    module = sys.modules[module_name]
    before = object_files._dependencies.__wrapped__(toy)
    assert object_files._dependencies.__wrapped__(toy) == before
    other = tmp_path / "changed.py"
    other.write_bytes(Path(module.__file__).read_bytes().replace(old, new))
    monkeypatch.setattr(module, "__file__", str(other))
    assert object_files._dependencies.__wrapped__(toy) != before


@pytest.mark.usefixtures("heeds_ctrl_c")
def test_an_interruption_waits_until_the_compiler_is_done(fresh, toy, empty, monkeypatch):
    """Ctrl-C from within the compiler, which would lose it or break by it."""
    from numba.core.compiler import Compiler

    compile, compiled = Compiler.compile_extra, []

    def interrupted_compile(self, *args):
        os.kill(os.getpid(), signal.SIGINT)
        compiled.append(compile(self, *args))
        return compiled[-1]

    with monkeypatch.context() as patch:
        patch.setattr(Compiler, "compile_extra", interrupted_compile)
        with pytest.raises(KeyboardInterrupt):
            fresh.compiled(toy)
    assert len(compiled) > 1
    assert fresh.compiled(toy).next_of(1) == 2


@pytest.mark.slow
def test_processes_that_compile_at_once_leave_one_whole_file(toy, tmp_path):
    """Both answer, and another process then loads what they kept, without the compiler."""
    code = (
        "import sys, toy_kernels; from vikt.compiled import compiled; "
        "print(compiled('toy_kernels').next_of(3), 'numba' in sys.modules)"
    )
    env = os.environ | {"VIKT_CACHE_DIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}

    def started():
        return subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, text=True)

    def answered(processes):
        return [process.communicate(timeout=120)[0].strip() for process in processes]

    assert answered([started(), started()]) == ["4 True"] * 2
    assert answered([started()]) == ["4 False"]
    assert len(list(tmp_path.iterdir())) == 1


def test_loading_needs_neither_the_compiler_nor_scipy(toy, ahead, tmp_path):
    code = (
        "import sys, toy_kernels; from vikt.compiled import compiled; compiled('toy_kernels').next_of(3); "
        "print({'numba', 'scipy'} & set(sys.modules))"
    )
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("quiet", [False, True])
def test_the_command_line_prints_what_is_logged(quiet):
    code = (
        "import logging; from vikt.cli.console import guarded; "
        f"guarded(lambda quiet: logging.getLogger('vikt').info('compiling'))(quiet={quiet})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stderr == (b"" if quiet else b"compiling\n")


def test_arrays_live_as_long_as_the_call(ahead):
    # Nothing else holds what is made here.
    assert ahead.total(np.ones(1000)[:]) == 1000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs forks")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_child_of_a_fork_does_not_wait_for_what_a_thread_was_loading(fresh, toy, ahead):
    loading = threading.Event()

    def load():
        with fresh._loading:
            loading.set()
            time.sleep(0.1)

    thread = threading.Thread(target=load)
    thread.start()
    assert loading.wait(60)
    if not (pid := os.fork()):
        signal.alarm(30)
        os._exit(fresh.compiled(toy).next_of(6))
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7


FAR_APART = """
import mmap
import vikt.solvers.many_classes_kernels as kernels
from vikt.compiled.loading import of_object
from vikt.compiled.object_files import object_file_of

PRIVATE = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000  # reserves nothing
code = object_file_of(kernels.__name__)
kept = []
for _ in range(20):
    # Between gaps of a few pages and the next room for more of them lie 3 GB.
    gaps = [mmap.mmap(-1, n * mmap.PAGESIZE, flags=PRIVATE) for n in range(1, 7) for _ in range(6)]
    kept += [mmap.mmap(-1, 3 << 30, flags=PRIVATE), *gaps[::2]]
    del gaps
    of_object(code)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="maps memory as Linux does")
def test_code_is_loaded_where_its_constants_lie_far_away():
    subprocess.run([sys.executable, "-c", FAR_APART], check=True)
