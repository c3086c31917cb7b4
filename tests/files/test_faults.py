"""Nothing breaks it: files altered or made to harm, processes killed, disks full, folders that cannot be written."""

from __future__ import annotations

import contextlib
import errno
import functools
import json
import math
import operator
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import tracemalloc

import numpy as np
import pytest

import vikt
from vikt.cli.main import main
from vikt.decisions.decision import Decision
from vikt.errors import DamagedModelError, ForeignModelError, ModelFileError, NewerModelError, OutputFileError
from vikt.features.ngrams import tables
from vikt.files import model_file, replacement

# Two of the words are too long to be spelled by their keys.
WORDS = {
    "spam": "win money now",
    "ham": "lunch on friday",
    "work": "the internationalisation of telecommunications is late",
}
MAILS = "label\ttext\n" + "".join(f"{label}\t{text} {n}\n" for n in range(20) for label, text in WORDS.items())
# No file may be longer than 512 or 1024 bytes, and no bytecode is written, which would be cut and stay.
SMALL_DISK = ["sh", "-c", 'export PYTHONDONTWRITEBYTECODE=1; ulimit -f 1; exec "$@"', "sh"]
N_DAMAGES, N_KILLS = 2000, 30


def command(*args):
    return [sys.executable, "-m", "vikt", *map(str, args)]


def run(arguments, **options):
    return subprocess.run(arguments, capture_output=True, timeout=120, check=False, **options)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def assert_one_line(done, *said, code=1):
    lines = done.stderr.decode().splitlines()
    assert done.returncode == code
    assert len(lines) == 1, lines
    for word in said:
        assert word in lines[0]


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """The bytes of a model of three classes."""
    return written(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def hashed_content(tmp_path_factory):
    """The bytes of a model whose n-grams are hashed into 2^10 buckets."""
    return written(tmp_path_factory.mktemp("model"), hashing=10)


def written(folder, **options):
    path = folder / "m.vikt"
    texts, labels = zip(*((text, label) for _ in range(5) for label, text in WORDS.items()), strict=True)
    vikt.TextClassifier(min_df=1, ngrams=(1, 2), l2=0.01, **options).fit(texts, labels).save(path)
    return path.read_bytes()


@pytest.fixture
def folder(tmp_path, content):
    """A folder with data and a model to be replaced."""
    (tmp_path / "mails.tsv").write_text(MAILS)
    (tmp_path / "m.vikt").write_bytes(content)
    return tmp_path


# Files altered


def flipped(content, chance):
    damaged = bytearray(content)
    damaged[chance.randrange(len(damaged))] ^= chance.randrange(1, 256)
    return damaged


def cut(content, chance):
    """Shortened anywhere, by a piece in its middle, or lengthened."""
    begin, end = sorted(chance.sample(range(len(content) + 1), 2))
    return chance.choice([content[:begin], content[:begin] + content[end:], content + content[begin:end]])


@pytest.mark.parametrize("damage", [flipped, cut])
def test_every_damage_is_refused_in_one_line(content, tmp_path, damage):
    chance, path = random.Random(0), tmp_path / "m.vikt"
    for _ in range(N_DAMAGES):
        path.write_bytes(damage(content, chance))
        with pytest.raises(ModelFileError) as refused:
            vikt.load(path)
        assert "\n" not in str(refused.value)


# Files made to harm


def parsed(content):
    end = 8 + int.from_bytes(content[:8], "little")
    return json.loads(content[8:end]), content[end:]


def sealed(header, data):
    """A file of this header (a dict, or bytes to follow the digest's place) with a digest that is right."""
    if isinstance(header, dict):
        header = json.dumps(header, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    file = bytearray(len(header).to_bytes(8, "little") + header + data)
    file[model_file._DIGEST_AT : model_file._DIGEST_END] = model_file._digest([memoryview(file)])
    return bytes(file)


def with_entry(name, **changes):
    def change(header, data):
        header[name] |= changes
        return data

    return change


def with_array(name, array):
    """An array in the place of another; those behind it move."""

    def change(header, data):
        first, last = header[name]["data_offsets"]
        grown = array.nbytes - (last - first)
        for entry in header.values():
            if "data_offsets" in entry and entry["data_offsets"][0] >= last and entry is not header[name]:
                entry["data_offsets"] = [offset + grown for offset in entry["data_offsets"]]
        [dtype] = (name for name, dtype in model_file._DTYPES.items() if dtype == array.dtype)
        header[name] |= {"data_offsets": [first, last + grown], "shape": list(array.shape), "dtype": dtype}
        return data[:first] + array.tobytes() + data[last:]

    return change


def with_metadata(**changes):
    def change(header, data):
        metadata = json.loads(header["__metadata__"]["vikt"])
        header["__metadata__"]["vikt"] = json.dumps(metadata | changes, separators=(",", ":"))
        return data

    return change


def with_record(where, value):
    """Another value at a place of the record, such as data.rows."""

    def change(header, data):
        metadata = json.loads(header["__metadata__"]["vikt"])
        *path, last = [int(key) if key.isdigit() else key for key in where.split(".")]
        functools.reduce(operator.getitem, path, metadata)[last] = value
        return with_metadata(**metadata)(header, data)

    return change


def with_options(**changes):
    def change(header, data):
        options = json.loads(header["__metadata__"]["vikt"])["options"]
        return with_metadata(options=options | changes)(header, data)

    return change


def held(name, header, data):
    first, last = header[name]["data_offsets"]
    return np.frombuffer(data[first:last], model_file._DTYPES[header[name]["dtype"]]).copy()


def edited(name, index, value):
    """One number of an array replaced, or several."""

    def change(header, data):
        array = held(name, header, data)
        array[index] = value
        return with_array(name, array)(header, data)

    return change


def reshaped(name):
    """An array with one axis more, of length 1."""
    return lambda header, data: with_entry(name, shape=[*header[name]["shape"], 1])(header, data)


def converted(name, dtype):
    """The same numbers of another type."""
    return lambda header, data: with_array(name, held(name, header, data).astype(dtype))(header, data)


def together(*changes):
    def change(header, data):
        for one in changes:
            data = one(header, data)
        return data

    return change


def without(name):
    """An array left out; those behind it move."""

    def change(header, data):
        data = with_array(name, np.empty(0))(header, data)
        del header[name]
        return data

    return change


def moved(name, by):
    def change(header, data):
        header[name]["data_offsets"] = [offset + by for offset in header[name]["data_offsets"]]
        return data

    return change


N_UNITS = len({word for text in WORDS.values() for word in text.split()})
N_FEATURES = N_UNITS + sum(len(text.split()) - 1 for text in WORDS.values())
TYPES = {"idf": np.float64, "pool": np.uint8} | dict.fromkeys(("slots", "columns1", "slots2", "columns2"), np.int32)
ONE_FEATURE_LESS = together(
    with_array("part0.idf", np.ones(N_FEATURES - 1)), with_array("theta", np.zeros((N_FEATURES, 3), np.float32))
)
# Each is larger by 15 or more than the one before, but for what is beyond 64 bits.
WRAPPING = np.cumsum(np.full(N_UNITS, 2**64 // N_UNITS, np.uint64)).astype(np.int64)
HARMFUL = {
    "a shape far too large": with_entry("theta", shape=[10**15]),
    "a shape whose product wraps to its length": with_entry("theta", shape=[2**62, 4, 2**40]),
    "a shape of no elements and endless axes": with_entry("theta", shape=[0, 2**70]),
    "a thousand axes": with_entry("theta", shape=[10**4000] * 1000),
    "negative sizes": with_entry("theta", shape=[-1, -3]),
    "a shape that is none": with_entry("theta", shape="many"),
    "offsets out of range": moved("theta", 10**12),
    "offsets before the data": moved("theta", -8),
    "offsets that overlap": moved("part0.low", -8),
    "offsets that leave a gap": moved("part0.pool", 8),
    "offsets turned round": with_entry("theta", data_offsets=[64, 0]),
    "offsets that are none": with_entry("theta", data_offsets=None),
    "an unknown dtype": with_entry("theta", dtype="F16"),
    "a dtype that is none": with_entry("theta", dtype=["F32"]),
    "another dtype of the weights": with_entry("theta", dtype="I32"),
    "another dtype of the idf": with_entry("part0.idf", dtype="I64"),
    "idf in two axes": reshaped("part0.idf"),
    "bytes behind the last array": lambda header, data: data + bytes(8),
    "an array missing": lambda header, data: header.pop("theta") and data,
    "an entry that is none": lambda header, data: header.update(theta=7) or data,
    "fewer features than columns": with_array("part0.idf", np.ones(3)),
    **{f"no array {name}": without(f"part0.{name}") for name in ("idf", "low", "slots2", "columns2")},
    **{
        f"{name} of type {dtype.__name__}": converted(f"part0.{name}", dtype)
        for name in ("low", "high", "pool", "pool_offsets", "slots", "columns1", "keys2", "slots2", "columns2", "idf")
        for dtype in model_file._DTYPES.values()
        if dtype is not TYPES.get(name, np.int64)
    },
    **{f"{name} in two axes": reshaped(f"part0.{name}") for name in ("low", "high", "pool", "pool_offsets", "keys2")},
    **{f"{name} of no axis": with_array(f"part0.{name}", np.array(0)) for name in ("low", "high", "keys2")},
    "a unit more": with_array("part0.low", np.ones(100, np.int64)),
    "one key for all": together(
        with_array("part0.high", np.array([1 << 56])),
        with_array("part0.pool_offsets", np.array([0])),
        with_array("part0.pool", np.empty(0, np.uint8)),
    ),
    "a key below 0": edited("part0.low", 0, -1),
    "a key of eight bytes": edited("part0.low", 0, 1 << 56),
    "a key of length 0": edited("part0.high", 0, 0),
    "a key of negative length": edited("part0.high", 0, -1),
    "a key longer than the longest": edited("part0.high", 0, 16 << 56),
    "one unit more that is long": edited("part0.high", 0, 15 << 56),
    "offsets of units that fall": edited("part0.pool_offsets", 1, 10**9),
    "offsets of units that begin elsewhere": edited("part0.pool_offsets", 0, -(10**9)),
    "offsets of units that end elsewhere": edited("part0.pool_offsets", -1, 10**9),
    "offsets of units that wrap": together(
        edited("part0.high", slice(None), 15 << 56),
        edited("part0.low", slice(None), 0),
        with_array("part0.pool_offsets", np.concatenate([[0], WRAPPING[:-1], [0]])),
        with_array("part0.pool", np.zeros(0, np.uint8)),
    ),
    "a long unit of few bytes": edited("part0.pool_offsets", 1, 14),
    "no offsets of units": with_array("part0.pool_offsets", np.empty(0, np.int64)),
    "a unit out of range": edited("part0.keys2", 0, 10**6),
    "a unit just out of range": edited("part0.keys2", 0, N_UNITS),
    "a parent just out of range": edited("part0.keys2", 0, N_UNITS << 32),
    "a parent below 0": edited("part0.keys2", 0, -(10**6) << 32),
    "fewer n-grams than slots": with_array("part0.keys2", np.zeros(1, np.int64)),
    "no n-grams": with_array("part0.keys2", np.empty(0, np.int64)),
    **{
        f"{found} in {name}": change(f"part0.{name}")
        for name in ("slots", "slots2")
        for found, change in {
            "a slot just out of range": lambda name: edited(name, 0, N_UNITS),
            "a slot below NONE": lambda name: edited(name, 0, -2),
            "no empty slot": lambda name: edited(name, slice(None), 0),
            "no empty slot of the last part": lambda name: edited(name, slice(-16, None), 0),
            "two axes": reshaped,
            "no axis": lambda name: with_array(name, np.array(-1, np.int32)),
            "no slots": lambda name: with_array(name, np.empty(0, np.int32)),
            "fewer slots than parts": lambda name: with_array(name, np.full(4, -1, np.int32)),
            "a size that is no power of two": lambda name: with_array(name, np.full(136, -1, np.int32)),
        }.items()
    },
    "a column just beyond the features": ONE_FEATURE_LESS,
    "no column for an n-gram": together(
        ONE_FEATURE_LESS, with_array("part0.columns2", np.arange(N_UNITS, N_FEATURES - 1, dtype=np.int32))
    ),
    "a column twice and none missing": together(ONE_FEATURE_LESS, edited("part0.columns2", -1, 0)),
    **{
        f"{found} in {name}": change(f"part0.{name}")
        for name in ("columns1", "columns2")
        for found, change in {
            "a column beyond the features": lambda name: edited(name, 0, N_FEATURES),
            "a column below NONE": lambda name: edited(name, 0, -2),
            "a column twice": lambda name: edited(name, 0, N_FEATURES - 1),
            "a column missing": lambda name: edited(name, 0, -1),
            "two axes": reshaped,
            "a column for no n-gram": lambda name: with_array(name, np.full(128, -1, np.int32)),
            "columns of no axis": lambda name: with_array(name, np.array(-1, np.int32)),
        }.items()
    },
    "fewer weights than features": with_array("theta", np.zeros((2, 3), np.float32)),
    "weights of other classes": with_metadata(classes=["a", "b"]),
    "one class": with_metadata(classes=["a"]),
    "classes of endless width": with_metadata(classes_dtype="<U100000000"),
    "classes of other things": with_metadata(classes_dtype="M8[s]"),
    "an option that there is not": with_options(**{"os.system\n": "true"}),
    "no options": with_metadata(options=None),
    "an analyzer that there is not": with_options(analyzer="a\nb"),
    "no format": with_metadata(format=None),
    "features from a path": with_options(features="/dev/zero"),
    "n-grams without lengths": with_options(ngrams=[]),
    "weights that are not finite": edited("theta", 0, np.nan),
    "idf that is not finite": edited("part0.idf", 0, np.inf),
    "an array of another model": lambda header, data: (
        header.update(cuts={"dtype": "F64", "shape": [2], "data_offsets": [len(data), len(data) + 16]})
        or data + np.array([0.0, 1.0]).tobytes()
    ),
    "no parts": with_metadata(parts=[]),
    "columns that are a list": with_metadata(columns=[]),
    "metrics without values": with_metadata(metrics={"accuracy": 1.5}),
    **{
        f"a record with {where} of {value!r}": with_record(where, value)
        for where, value in (
            ("data.rows", -1),
            ("data.rows", 0),
            ("data.rows", 10**30),
            ("data.rows_of_weight_0", 15),
            ("data.fitted_rows", 16),
            ("data.classes", {"ham": 5, "spam": 5}),
            ("data.classes", {"ham": 5, "spam": 5, "work": 16}),
            ("data.mean_shares", {"ham": 0.5, "spam": 0.25, "work": 0.25}),
            ("targets", "several"),
            ("targets", "classes"),
            ("decision", None),
            ("labels_separator", ","),
            ("nonsense", 1),
            ("classes", ["ham", "ham", "work"]),
            ("options.l1_ratio", "x"),
            ("options.tol", -1),
            ("options.targets", "soft"),
            ("parts.0.loss", None),
            ("parts.0.certificates", []),
            ("parts.0.certificate.bound", None),
            ("parts.0.certificate.relative", -1.0),
            ("parts.0.certificate.reason", {"code": "no_penalty"}),
            ("parts.0.certificate.reason", {}),
            ("parts.0.penalty.l2", -1.0),
            ("parts.0.penalty.by_label", [0.1, 0.1, 0.1]),
            ("data.weighted", "x"),
            ("data.classes", ["a"]),
            ("data.empty_texts", None),
            ("parts.0.loss", "x"),
            ("parts.0.passes", 1.5),
            ("parts.0.penalty.l2", -math.inf),
            ("parts.0.penalty.rule", "least_loss"),
            ("parts.0.penalty.rule", "luck"),
            ("parts.0.penalty.folds", "x"),
            ("parts.0.certificate.relative", "x"),
            ("parts.0.certificate.reason", {"code": "separable"}),
            ("parts.0.stopping_reason", {"code": "proven"}),
            ("parts.0.stopping_reason", {"code": "proven", "relative": "x", "tol": 1.0}),
            ("parts.0.stopping_reason", {"code": "rounding", "distance": 1.0}),
            ("parts.0.stopping_reason", {"code": "luck"}),
            ("parts.0.loss_curve", ["ab"]),
        )
    },
}
HARMFUL_HASHED = {
    "a bucket out of range": edited("part0.buckets", 0, 1 << 10),
    "a bucket below 0": edited("part0.buckets", 0, -1),
    "a bucket twice": lambda header, data: with_array("part0.buckets", np.zeros(header["part0.idf"]["shape"][0], int))(
        header, data
    ),
    **{f"buckets of type {dtype.__name__}": converted("part0.buckets", dtype) for dtype in (np.float64, np.int32)},
    "buckets in two axes": reshaped("part0.buckets"),
    "buckets of no axis": with_array("part0.buckets", np.array(0)),
    "fewer buckets than features": with_array("part0.buckets", np.zeros(1, np.int64)),
    "more bits than there are": with_options(hashing=29),
    "fewer bits than buckets": with_options(hashing=1),
    "a vocabulary promised": with_options(hashing=None),
    "no number of buckets shared": without("part0.shared"),
    "many numbers of buckets shared": with_array("part0.shared", np.zeros(2, np.int64)),
    "a number of buckets shared in two axes": with_array("part0.shared", np.zeros((1, 1), np.int64)),
    "a number of buckets shared that is no whole one": with_array("part0.shared", np.array([0.5])),
    "a negative number of buckets shared": with_array("part0.shared", np.array([-1])),
}
KINDS = {
    "several": ["spam", "ham", "work"],
    "soft": [{"spam": 0.75, "ham": 0.25}, {"ham": 1.0}, {"work": 1.0}],
    "ordered": [1, 2, 3],
}
HARMFUL_OF_KINDS = [
    (kind, where, value)
    for kinds, where, values in (
        (KINDS, "targets", [None, *KINDS, "classes"]),
        (KINDS, "options.targets", [None, *KINDS, "classes"]),
        (KINDS, "data.mean_shares", [None, {"ham": 1.0}, {"ham": 0.5, "spam": 2.0, "work": 0.5}]),
        (KINDS, "data.rows_without_labels", [None, 16]),
        (KINDS, "data.rows", [0]),
        (KINDS, "decision", [None, Decision().to_json([])]),
        (["several"], "thresholds", [None]),
        (["several"], "thresholds.common", [None, 10**29]),
        (["several"], "parts.0.certificates", [None, []]),
        (["several"], "parts.0.certificates.0.relative", [10**400, -1]),
        (["several"], "parts.0.certificates.0.loss", [None]),
        (["several"], "parts.0.penalty.by_label", [[0.1]]),
        (["ordered"], "decision.rule.kind", ["most_probable"]),
    )
    for kind in kinds
    for value in values
    if value != kind
]
BEGIN = model_file._START + b"0" * 64 + b'\\",'


def refused(path):
    """How a file is refused, having taken no room to speak of."""
    tracemalloc.start()
    try:
        with pytest.raises(ModelFileError) as refusal:
            vikt.load(path)
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()
    assert "\n" not in str(refusal.value)
    return refusal.type


def test_what_is_sealed_unchanged_is_loaded(content, tmp_path):
    path = tmp_path / "m.vikt"
    path.write_bytes(sealed(*parsed(content)))
    assert vikt.load(path).predict(["win money"]).tolist() == ["spam"]


@pytest.mark.parametrize("harm", HARMFUL)
def test_a_harmful_file_is_refused_before_anything_is_allocated(content, tmp_path, monkeypatch, harm):
    # Else most would be refused since an id among the first is not found, which says nothing of those behind.
    monkeypatch.setattr(tables, "_SAMPLED", 0)
    assert_refused(content, HARMFUL[harm], tmp_path / "m.vikt")


@pytest.mark.parametrize("name", ["part0.slots", "part0.slots2"])
def test_tables_that_other_hashes_filled_are_refused(content, tmp_path, name):
    def other_parts(header, data):
        return with_array(name, np.roll(held(name, header, data), 16))(header, data)

    assert_refused(content, other_parts, tmp_path / "m.vikt")


@pytest.mark.parametrize("harm", HARMFUL_HASHED)
def test_a_harmful_file_of_hashed_ngrams_is_refused(hashed_content, tmp_path, harm):
    assert_refused(hashed_content, HARMFUL_HASHED[harm], tmp_path / "m.vikt")


def assert_refused(content, harm, path):
    header, data = parsed(content)
    harmful = sealed(header, harm(header, data))
    path.write_bytes(harmful)
    assert refused(path) is DamagedModelError
    path.write_bytes(harmful.replace(harmful[model_file._DIGEST_AT : model_file._DIGEST_END], b"0" * 64))
    assert refused(path) is DamagedModelError


@pytest.fixture(scope="module")
def content_of(tmp_path_factory):
    """The bytes of a model of each kind of targets."""
    path = tmp_path_factory.mktemp("kinds") / "m.vikt"
    found = {}
    for kind, labels in KINDS.items():
        given = [[label] for label in labels] if kind == "several" else labels
        classifier = vikt.TextClassifier(min_df=1, ngrams=(1, 1), l2=0.01, targets=kind)
        classifier.fit(list(WORDS.values()) * 5, given * 5).save(path, force=True)
        found[kind] = path.read_bytes()
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_version_that_knows_classes_alone_says_to_update_it(content, content_of, tmp_path, monkeypatch, kind):
    monkeypatch.setattr(model_file, "FORMAT_VERSION", model_file.OLDEST_FORMAT)
    path = tmp_path / "m.vikt"
    path.write_bytes(content)
    vikt.load(path)
    path.write_bytes(content_of[kind])
    with pytest.raises(NewerModelError, match="update vikt"):
        vikt.load(path)


@pytest.mark.parametrize(("kind", "where", "value"), HARMFUL_OF_KINDS)
def test_a_claim_of_another_kind_of_targets_is_refused(content_of, tmp_path, kind, where, value):
    assert_refused(content_of[kind], with_record(where, value), tmp_path / "m.vikt")


@pytest.mark.parametrize(
    "nested", [b"[" * 500_000, b'\\"x\\":' + b"[" * 500_000 + b'"},"x":', b'\\"x\\":' + b"9" * 10**5]
)
def test_a_header_that_is_hard_to_parse_is_refused(tmp_path, nested):
    path = tmp_path / "m.vikt"
    path.write_bytes(sealed(BEGIN + nested, b""))
    assert refused(path) is DamagedModelError


def test_a_header_said_to_be_80_megabytes_is_refused_unread(tmp_path):
    path = tmp_path / "m.vikt"
    for size in (1000, 100_000_000):
        with path.open("wb") as file:
            file.write((80_000_000).to_bytes(8, "little") + BEGIN)
            file.truncate(size)
        assert refused(path) is ForeignModelError


def test_what_could_not_be_read_is_not_written(folder, content):
    with pytest.raises(OutputFileError, match="shorten"):
        model_file.save_model(folder / "m.vikt", {}, {"classes": ["x" * 1000] * 20_000})
    assert (folder / "m.vikt").read_bytes() == content


# Processes killed

SAVES_FOREVER = """
import sys
from pathlib import Path
import numpy as np
from vikt.files.model_file import save_model
path = Path(sys.argv[1])
print("ready", flush=True)
while True:
    for n in (1, 2):
        save_model(path, {"a": np.full(100_000, n)}, {})
"""


@pytest.mark.slow
def test_kill_in_mid_saving_leaves_an_old_or_a_new_model(tmp_path):
    chance, path = random.Random(0), tmp_path / "m.vikt"
    for _ in range(N_KILLS - 10):
        with subprocess.Popen([sys.executable, "-c", SAVES_FOREVER, path], stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            time.sleep(chance.uniform(0, 0.05))
            process.kill()
        if path.exists():
            arrays, _ = model_file.load_model(path)
            assert set(arrays["a"]) in ({1}, {2})
    model_file.save_model(path, {}, {})
    assert names(tmp_path) == ["m.vikt"]


@pytest.mark.slow
def test_kill_in_mid_training_leaves_the_old_or_the_new_model(folder, content):
    chance, path = random.Random(0), folder / "m.vikt"
    train = command("train", folder / "mails.tsv", "-o", path, "-q")
    begun = time.monotonic()
    assert run(train).returncode == 0
    lasts = time.monotonic() - begun
    new = path.read_bytes()
    assert new != content
    for _ in range(10):
        path.write_bytes(content)
        with subprocess.Popen(train, stdout=subprocess.DEVNULL) as process, contextlib.suppress(ProcessLookupError):
            time.sleep(chance.uniform(0, lasts))
            process.kill()
        assert path.read_bytes() in (content, new)
    assert run(train).returncode == 0
    assert path.read_bytes() == new
    assert names(folder) == ["m.vikt", "mails.tsv"]


def test_what_another_process_is_writing_is_no_litter(folder):
    path = folder / "m.vikt"
    with replacement.replacing(path) as file:
        file.write(b"later")
        model_file.save_model(path, {}, {}, force=True)
        assert len(names(folder)) == 3
    assert path.read_bytes() == b"later"
    (folder / ".m.vikt.swp").write_text("an editor's, not ours")
    model_file.save_model(path, {}, {}, force=True)
    assert names(folder) == [".m.vikt.swp", "m.vikt", "mails.tsv"]


# Ctrl-C, full disks, folders that cannot be written


@pytest.mark.usefixtures("heeds_ctrl_c")
@pytest.mark.parametrize("step", ["fsync", "chmod", "replace"])
def test_ctrl_c_in_mid_saving(folder, content, monkeypatch, capsys, step):
    monkeypatch.setattr(f"vikt.files.replacement.os.{step}", lambda *_: signal.raise_signal(signal.SIGINT))
    monkeypatch.setattr(
        sys, "argv", ["vikt", "train", *map(str, (folder / "mails.tsv", "-o", folder / "m.vikt", "-q"))]
    )
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "interrupted; no partial file was left\n"
    assert (folder / "m.vikt").read_bytes() == content
    assert names(folder) == ["m.vikt", "mails.tsv"]


def test_a_disk_that_fills_while_saving(folder, content, tmp_path_factory):
    train = command("train", folder / "mails.tsv", "-q", "-o")
    # What this compiles is kept, so that the model alone does not fit.
    assert run([*train, tmp_path_factory.mktemp("other") / "m.vikt"]).returncode == 0
    done = run([*SMALL_DISK, *train, folder / "m.vikt"])
    assert_one_line(done, "m.vikt: cannot be written: File too large")
    assert (folder / "m.vikt").read_bytes() == content
    assert names(folder) == ["m.vikt", "mails.tsv"]


def test_a_disk_that_fills_while_predicting(folder):
    out = folder / "out.tsv"
    out.write_text("ham\t0.75\n")
    done = run([*SMALL_DISK, *command("predict", folder / "m.vikt", "--force", "-o", out)], input=b"win money\n" * 1000)
    assert_one_line(done, "out.tsv: cannot be written: File too large")
    assert out.read_text() == "ham\t0.75\n"
    assert names(folder) == ["m.vikt", "mails.tsv", "out.tsv"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_device_is_written_to_and_not_replaced(folder):
    # Named by a link, so that the device itself is safe from this test.
    device = folder / "device"
    device.symlink_to("/dev/full")
    done = run(command("predict", folder / "m.vikt", "-o", device), input=b"win money\n")
    assert_one_line(done, "device: cannot be written: the disk is full")
    assert device.is_char_device()


def test_a_table_that_is_missing_is_not_said_to_be_the_output(folder):
    done = run(command("predict", folder / "m.vikt", folder / "none.tsv", "-o", folder / "out.tsv"))
    assert_one_line(done, "none.tsv")
    assert b"out.tsv" not in done.stderr
    assert names(folder) == ["m.vikt", "mails.tsv"]


@contextlib.contextmanager
def mounted(folder, options):
    """A little disk of its own in a folder; skips where none may be mounted."""
    if shutil.which("mount") is None or run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]).returncode:
        pytest.skip("needs the right to mount a disk")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_little_disk_that_is_full(folder, content):
    disk = folder / "disk"
    disk.mkdir()
    with mounted(disk, "size=64k"):
        (disk / "m.vikt").write_bytes(content)
        with pytest.raises(OSError, match="No space left"):
            (disk / "much").write_bytes(bytes(64 << 10))
        old = names(disk)
        done = run(command("train", folder / "mails.tsv", "-o", disk / "m.vikt", "-q"))
        assert_one_line(done, "the disk is full")
        assert (disk / "m.vikt").read_bytes() == content
        assert names(disk) == old


@pytest.fixture(params=["permissions", "a disk mounted read-only"])
def read_only(request, tmp_path):
    place = tmp_path / "read-only"
    place.mkdir()
    if request.param == "permissions":
        place.chmod(0o500)
        if os.access(place, os.W_OK):
            pytest.skip("permissions do not bind root")
        yield place
    else:
        with mounted(place, "ro"):
            yield place


def test_a_folder_that_cannot_be_written(folder, read_only):
    done = run(command("train", folder / "mails.tsv", "-o", read_only / "m.vikt"))
    assert_one_line(done, "read-only", "is not writable")
    done = run(command("predict", folder / "m.vikt", "-o", read_only / "out.tsv"), input=b"win money\n")
    assert_one_line(done, "read-only", "out.tsv", "choose another folder")


def test_permission_denied_is_told_with_the_folder(folder, content, monkeypatch):
    def denied(*args, **options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("vikt.files.replacement.tempfile.mkstemp", denied)
    with pytest.raises(OutputFileError, match="no permission to write in"):
        model_file.save_model(folder / "m.vikt", {}, {})
    assert (folder / "m.vikt").read_bytes() == content


def test_a_folder_that_is_missing(folder):
    for arguments in (["train", folder / "mails.tsv"], ["predict", folder / "m.vikt", folder / "mails.tsv"]):
        done = run(command(*arguments, "-o", folder / "none" / "x.tsv"))
        assert_one_line(done, "none", "does not exist")


# No place for compiled code

NOTICE = "compiled code cannot be kept on disk"
# So much text that plain Python would take longer than compilation.
MUCH = b"win money\n" * 200_000


@pytest.fixture
def nowhere():
    """An environment in which not even root can write what was compiled."""
    return os.environ | {"VIKT_CACHE_DIR": os.devnull}


@pytest.mark.slow
def test_without_a_place_for_compiled_code_all_works_with_one_notice(nowhere, folder):
    done = run(command("train", folder / "mails.tsv", "-o", folder / "m.vikt", "-q"), env=nowhere, cwd=folder)
    assert_one_line(done, NOTICE, "VIKT_CACHE_DIR", code=0)
    done = run(command("predict", folder / "m.vikt", "-q"), env=nowhere, cwd=folder, input=MUCH)
    assert_one_line(done, NOTICE, code=0)
    assert done.stdout.startswith(b"spam\t")


@pytest.mark.slow
def test_a_disk_too_full_for_compiled_code_costs_time_only(tmp_path, folder):
    env = os.environ | {"VIKT_CACHE_DIR": str(tmp_path / "cache")}
    done = run([*SMALL_DISK, *command("predict", folder / "m.vikt", "-q")], env=env, input=MUCH)
    assert_one_line(done, NOTICE, code=0)
    assert done.stdout.startswith(b"spam\t")
