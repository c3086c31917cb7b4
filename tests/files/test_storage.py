"""The model file: whole or refused."""

from __future__ import annotations

import errno
import json

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save

from vikt.errors import (
    DamagedModelError,
    ForeignModelError,
    InputFileError,
    ModelFileError,
    NewerModelError,
    OlderModelError,
    OutputFileError,
)
from vikt.files.model_file import load_model, save_model
from vikt.files.replacement import replacing

ARRAYS = {"a": np.arange(7.0), "b": np.arange(6, dtype=np.int64).reshape(2, 3), "c": np.frombuffer(b"xyz", np.uint8)}


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "m.vikt"
    save_model(path, ARRAYS, {"name": 'a "digest": é', "list": [1, None]})
    return path


def test_round_trip(model):
    arrays, metadata = load_model(model)
    assert metadata["name"] == 'a "digest": é'
    assert metadata["list"] == [1, None]
    for name, array in ARRAYS.items():
        assert np.array_equal(arrays[name], array)
        assert arrays[name].dtype == array.dtype


def test_it_is_a_safetensors_file(model):
    with safe_open(model, framework="np") as file:
        assert set(file.keys()) == set(ARRAYS)
        assert list(file.metadata()) == ["vikt"]


def test_it_has_the_bytes_that_safetensors_writes(tmp_path):
    path = tmp_path / "m.vikt"
    for n in range(20):
        arrays = {
            "float32": np.arange(n, dtype=np.float32),
            "é": np.arange(2 * n, dtype=np.float64).reshape(2, n),
            "bytes": np.arange(n, dtype=np.uint8),
            "int32": np.arange(n, dtype=np.int32)[::-1],
            "int64": np.arange(3 * n).reshape(n, 3).T,
            "another": np.zeros((0, n)),
        }
        save_model(path, arrays, {"names": ["\x7f", '"\\é\n', "x" * n]})
        content = path.read_bytes()
        end = 8 + int.from_bytes(content[:8], "little")
        metadata = json.loads(content[8:end])["__metadata__"]
        assert content == save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, metadata)


def test_the_same_content_gives_the_same_bytes(model, tmp_path):
    other = tmp_path / "other.vikt"
    save_model(other, dict(reversed(ARRAYS.items())), {"list": [1, None], "name": 'a "digest": é'})
    assert other.read_bytes() == model.read_bytes()


def test_every_flip_and_every_cut_is_refused(model):
    content = model.read_bytes()
    random = np.random.default_rng(0)
    positions = range(len(content)) if len(content) < 3000 else random.integers(len(content), size=3000)
    for position in positions:
        damaged = bytearray(content)
        damaged[position] ^= 1 << int(random.integers(8))
        model.write_bytes(damaged)
        with pytest.raises(ModelFileError):
            load_model(model)
    for end in random.integers(len(content), size=200):
        model.write_bytes(content[:end])
        with pytest.raises(ModelFileError):
            load_model(model)
    model.write_bytes(content + b"\0")
    with pytest.raises(DamagedModelError):
        load_model(model)


def _files(tmp_path):
    header = json.dumps({"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}).encode()
    yield b""
    yield b"not a model, just some text that goes on"
    yield b"\x80\x04\x95" + bytes(100)  # a pickle
    yield len(header).to_bytes(8, "little") + header + b"x"  # safetensors of somebody else
    yield (2**63).to_bytes(8, "little") + b"{" + bytes(50)  # a header longer than any disk
    nested = b"[" * 100_000
    yield (len(nested) + 1).to_bytes(8, "little") + b"{" + nested


@pytest.mark.parametrize("n", range(6))
def test_a_foreign_file_is_refused(tmp_path, n):
    path = tmp_path / "x"
    path.write_bytes(list(_files(tmp_path))[n])
    with pytest.raises(ForeignModelError, match="not a vikt model"):
        load_model(path)


@pytest.mark.parametrize(
    ("format", "error", "remedy"), [(99, NewerModelError, "update vikt"), (1, OlderModelError, "train it again")]
)
def test_another_format_is_refused(tmp_path, format, error, remedy):
    save_model(tmp_path / "m", ARRAYS, {"format": format})
    with pytest.raises(error, match=f"format {format}.*{remedy}"):
        load_model(tmp_path / "m")


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(InputFileError, match="no such model"):
        load_model(tmp_path / "m")
    with pytest.raises(InputFileError):
        load_model(tmp_path)


def test_a_model_is_replaced_and_another_file_only_with_force(model):
    save_model(model, ARRAYS, {"name": "second"})
    assert load_model(model)[1]["name"] == "second"
    model.write_text("my thesis")
    with pytest.raises(OutputFileError, match="force=True"):
        save_model(model, ARRAYS, {})
    assert model.read_text() == "my thesis"
    save_model(model, ARRAYS, {}, force=True)
    load_model(model)


def break_off(file, error):
    file.write(b"half")
    raise error


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_what_breaks_off_leaves_the_old_file_and_no_litter(model, error):
    before = model.read_bytes()
    expected = OutputFileError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(expected), replacing(model) as file:
        break_off(file, error)
    assert model.read_bytes() == before
    assert [path.name for path in model.parent.iterdir()] == ["m.vikt"]


@pytest.mark.parametrize("name", ["n" * 255, "é" * 127])
def test_a_file_of_the_longest_name_is_replaced(tmp_path, name):
    for content in (b"first", b"second"):
        with replacing(tmp_path / name) as file:
            file.write(content)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [(name, b"second")]


def test_what_killed_processes_left_goes_whatever_file_it_was_for(tmp_path):
    for name in (".m.vikt.x1y2.vikt-partial", ".x1y2.vikt-partial", ".hidden", "mine.vikt-partial"):
        (tmp_path / name).write_text("x")
    with replacing(tmp_path / "other"):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == [".hidden", "mine.vikt-partial", "other"]


def test_a_missing_folder(tmp_path):
    with pytest.raises(OutputFileError, match="does not exist"):
        save_model(tmp_path / "none" / "m", ARRAYS, {})


def test_a_folder_is_no_model(tmp_path):
    with pytest.raises(InputFileError, match="is a folder; name a model file in it"):
        load_model(tmp_path)
