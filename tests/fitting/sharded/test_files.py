"""Fits from disk: what they find is what a fit in memory finds, whatever the order, the files, the memory or kills."""

from __future__ import annotations

import json
import random
import re
import shutil
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest

import vikt
from interrupted_work import KilledError, content
from vikt.errors import (
    ClassesError,
    ColumnError,
    EmptyVocabularyError,
    InputFileError,
    OutputFileError,
    ParameterError,
    UsageError,
    ViktError,
)
from vikt.features.handmade import Number
from vikt.features.ngrams import kept_entries
from vikt.features.settings import FeatureSettings
from vikt.features.text import TextFeatures
from vikt.fitting.examples import Examples
from vikt.fitting.model import measured
from vikt.fitting.parts import fit_part
from vikt.fitting.refitted import used_rows
from vikt.fitting.sharded import disk_rows, learnt_rows, memory_limit, shard_fit
from vikt.fitting.sharded.memory_limit import MemoryLimit
from vikt.model.objective import Objective
from vikt.spool import spool as spools

WORDS = {"analyzer": "word", "l2": 1e-3, "tol": 1e-8}


@pytest.fixture
def small_shards(monkeypatch):
    """Shards of some 20 kB, so that small corpora have several."""
    monkeypatch.setattr(spools, "_BYTES_PER_SHARD", 20_000)


def written(folder, rows, name="rows.csv", weights=None):
    frame = pd.DataFrame(rows, columns=["text", "label"])
    if weights is not None:
        frame["weight"] = weights
    path = folder / name
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in frame.to_dict("records")), encoding="utf-8")
    else:
        frame.to_csv(path, index=False)
    return path


def fitted(paths, **options):
    return vikt.TextClassifier(**options).fit_files(paths, "text", "label")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"ngrams": (1, 3), "min_df": 1},
        {"weighting": "nb"},
        {"weighting": "binary", "class_weight": "balanced"},
        {"analyzer": "char_wb", "ngrams": (1, 3)},
        {"analyzer": "word+char", "ngrams": (1, 1)},
        {"hashing": 12},
        {"class_weight": {"a": 3.0}},
        {"solver": "newton"},
    ],
    ids=str,
)
@pytest.mark.parametrize("labels", ["abc", "ab"])
def test_the_optimum_is_that_of_a_fit_in_memory(tmp_path, topics, small_shards, labels, options):
    rows = [(text, label) for text, label in topics if label in labels]
    options = WORDS | options
    from_disk = fitted(written(tmp_path, rows), **options)
    in_memory = vikt.TextClassifier(**options).fit(*zip(*rows, strict=True))
    own, other = (classifier.features_.to_arrays() for classifier in (from_disk, in_memory))
    assert own.keys() == other.keys()
    for name in own:
        assert np.array_equal(own[name], other[name]), name
    # Each is within √(bound/λ) of the optimum, and rounded; the penalty of telling words is weaker.
    strongest = 1.0 if options.get("weighting") != "nb" else 5.0
    distance = np.linalg.norm((from_disk.theta_ - in_memory.theta_)[..., 1:])
    most = strongest * sum(np.sqrt(each.bound_ / each.l2_) for each in (from_disk, in_memory))
    assert distance <= most + 1e-6 * np.linalg.norm(in_memory.theta_)
    assert from_disk.certificate_ <= options["tol"]
    data, expected = from_disk.data_, in_memory.data_
    assert data == expected | {"blank_lines": 0}


@pytest.mark.parametrize("weighting", ["tfidf", "nb"])
def test_the_choice_is_that_of_all_rows_in_memory_and_its_neighbours_were_tried(
    tmp_path, topics, small_shards, weighting
):
    from_disk = fitted(written(tmp_path, topics), analyzer="word", weighting=weighting)
    in_memory = vikt.TextClassifier(analyzer="word", weighting=weighting).fit(*zip(*topics, strict=True))
    # The sample is all rows here, so that the walk begins beside the choice in memory.
    assert np.log10(from_disk.l2_ / in_memory.l2_) == pytest.approx(0, abs=0.26)
    losses = {point.strength: point.log_loss for point in in_memory.choice_.curve}
    for point in from_disk.choice_.curve:
        assert point.log_loss == pytest.approx(losses[point.strength], rel=0.05)
    assert from_disk.data_ == in_memory.data_ | {"blank_lines": 0}


def test_the_column_of_the_texts_is_that_of_the_classifier_unless_it_is_named(tmp_path, topics):
    frame = pd.DataFrame(topics, columns=["body", "label"]).assign(title=[f"word{i % 7}" for i in range(len(topics))])
    frame.to_csv(tmp_path / "rows.csv", index=False)
    for named, expected in ((None, "title"), ("body", "body")):
        classifier = vikt.TextClassifier(text_column="title", **WORDS).fit_files(tmp_path / "rows.csv", named, "label")
        assert classifier.record_.columns["text"] == expected
        assert classifier.predict(frame).tolist() == classifier.predict(frame[expected]).tolist()


def test_files_are_read_as_their_format_and_dialect_say(tmp_path, topics):
    whole, odd = written(tmp_path, topics), tmp_path / "rows.dat"
    pd.DataFrame(topics).to_csv(odd, index=False, header=False, sep=";")
    options = {"format": "csv", "delimiter": ";", "header": False}
    found = vikt.TextClassifier(**WORDS).fit_files(odd, "1", "2", **options)
    assert np.array_equal(found.theta_, fitted(whole, **WORDS).theta_)


def test_later_work_finds_the_rows_that_were_fitted_again(tmp_path, topics, small_shards):
    record = fitted(written(tmp_path, topics), **WORDS).record_
    texts, labels = zip(*topics, strict=True)
    examples = Examples.of(measured(list(texts), TextFeatures(FeatureSettings())), list(labels))
    assert len(used_rows(record, examples).fitted) == len(topics)


def test_features_are_chosen_on_a_sample(tmp_path, topics, small_shards, monkeypatch):
    monkeypatch.setattr(shard_fit, "SAMPLE_BYTES", (30_000, 10_000))
    classifier = fitted(written(tmp_path, topics))
    assert classifier.feature_choice_.n_rows < classifier.data_["training_rows"]
    assert {part["name"] for part in classifier.parts_} <= {"nb", "word+char"}
    assert classifier.certificate_ <= 1e-7


def test_the_model_does_not_depend_on_the_order_the_files_the_format_the_threads_or_the_memory(
    tmp_path, topics, small_shards
):
    shuffled = topics.copy()
    random.Random(1).shuffle(shuffled)
    whole = written(tmp_path, topics)
    pieces = [
        written(tmp_path, shuffled[:200], "one.parquet"),
        written(tmp_path, shuffled[200:210], "two.jsonl"),
        written(tmp_path, shuffled[210:], "three.csv"),
    ]
    expected = content(fitted([whole], analyzer="word"), tmp_path)
    assert content(fitted(pieces, analyzer="word"), tmp_path) == expected
    assert content(fitted(pieces[::-1], analyzer="word", threads=2), tmp_path) == expected
    large = vikt.TextClassifier(analyzer="word").fit_files(whole, "text", "label", memory="8GB")
    assert content(large, tmp_path) == expected


def test_weights_are_as_repeated_rows(tmp_path, topics, small_shards):
    weights = np.arange(len(topics)) % 3
    weighted = vikt.TextClassifier(**WORDS, min_df=1).fit_files(
        written(tmp_path, topics, weights=weights), "text", "label", weight="weight"
    )
    repeated = [row for row, weight in zip(topics, weights, strict=True) for _ in range(weight)]
    texts, labels = zip(*repeated, strict=True)
    expected = vikt.TextClassifier(**WORDS, min_df=1, weighting="binary").fit(texts, labels)
    own = vikt.TextClassifier(**WORDS, min_df=1).fit(*zip(*topics, strict=True), sample_weight=weights)
    assert weighted.data_ == own.data_ | {"blank_lines": 0}
    assert np.abs(weighted.theta_ - own.theta_).max() < 1e-3
    assert expected.data_["rows"] == weights.sum()


def kills(monkeypatch, where, name, at):
    """Let a function raise at one of its calls."""
    made, calls = getattr(where, name), []

    def dying(*arguments, **options):
        calls.append(1)
        if len(calls) == at:
            raise KilledError
        return made(*arguments, **options)

    monkeypatch.setattr(where, name, dying)


@pytest.fixture(scope="module")
def whole_blend(topics, tmp_path_factory):
    """A file of several shards, and the bytes of the model that is a blend of it."""
    folder = tmp_path_factory.mktemp("whole")
    path = written(folder, topics[:750])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spools, "_BYTES_PER_SHARD", 10_000)
        patch.setattr(shard_fit, "chosen_plan", blended(shard_fit.chosen_plan))
        return path, content(fitted(path, analyzer="auto"), folder)


@pytest.mark.parametrize(
    ("where", "name", "at"),
    [
        (kept_entries.EntryWriter, "finish", 2),
        (learnt_rows.LearntRows, "keep_columns", 1),
        (disk_rows, "write_part", 1),
        (disk_rows, "write_part", 5),
        (shard_fit, "fit_part", 1),
        (shard_fit, "fit_part", 2),
        (shard_fit, "choose_l2_near", 2),
        (shard_fit, "chosen_plan", 1),
        (shard_fit, "load_trained", 2),
    ],
    ids=lambda value: str(value) if isinstance(value, int | str) else "",
)
def test_interrupted_work_goes_on(tmp_path, whole_blend, monkeypatch, where, name, at):
    (path, expected), work = whole_blend, tmp_path / "work"
    monkeypatch.setattr(spools, "_BYTES_PER_SHARD", 10_000)
    monkeypatch.setattr(shard_fit, "chosen_plan", blended(shard_fit.chosen_plan))

    def fit():
        return vikt.TextClassifier(analyzer="auto").fit_files(path, "text", "label", work_dir=work)

    with monkeypatch.context() as killing:
        kills(killing, where, name, at)
        with pytest.raises(KilledError):
            fit()
    assert work.exists()
    assert content(fit(), tmp_path) == expected
    assert not work.exists()


def test_packed_rows_that_are_damaged_are_refused_and_made_anew_once_they_are_removed(
    tmp_path, topics, small_shards, monkeypatch
):
    path, work = written(tmp_path, topics), tmp_path / "work"
    expected = content(fitted(path), tmp_path)

    def fit():
        return vikt.TextClassifier().fit_files(path, "text", "label", work_dir=work)

    with monkeypatch.context() as killing:
        kills(killing, shard_fit, "fit_part", 1)
        with pytest.raises(KilledError):
            fit()
    damaged = work / "part0" / "000-0-000"
    damaged.write_bytes(damaged.read_bytes()[:-100])
    with pytest.raises(InputFileError, match="000-0-000: was truncated or altered; remove it, and start again"):
        fit()
    damaged.unlink()
    assert content(fit(), tmp_path) == expected


@pytest.mark.slow
@pytest.mark.parametrize("damage", [b"", None], ids=["truncated", "missing"])
def test_a_file_of_the_work_that_is_gone_is_made_anew_or_told(tmp_path, topics, small_shards, monkeypatch, damage):
    path, work = written(tmp_path, topics), tmp_path / "work"
    expected = content(fitted(path, **WORDS), tmp_path)

    def fit():
        return vikt.TextClassifier(**WORDS).fit_files(path, "text", "label", work_dir=work)

    def is_expected_or_told():
        try:
            return content(fit(), tmp_path) == expected
        except ViktError as error:
            return re.search("start anew with restart=True|remove it, and start again", str(error))

    with monkeypatch.context() as killing:
        kills(killing, shard_fit, "fit_part", 1)
        with pytest.raises(KilledError):
            fit()
    kept = shutil.copytree(work, tmp_path / "kept")
    for file in sorted(found.relative_to(kept) for found in kept.rglob("*") if found.is_file()):
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(kept, work)
        (work / file).unlink()
        if damage is not None:
            (work / file).write_bytes(damage)
        assert is_expected_or_told(), file


def killed_once_learnt(monkeypatch, path, work):
    """The folder of what is kept of the rows that were learnt from, by a fit that is killed where it packs them."""
    with monkeypatch.context() as killing:
        kills(killing, disk_rows, "write_part", 3)
        with pytest.raises(KilledError):
            vikt.TextClassifier(**WORDS).fit_files(path, "text", "label", work_dir=work)
    return work / "part0" / "learnt"


def test_rows_that_were_learnt_from_are_packed_without_their_texts(tmp_path, topics, small_shards, monkeypatch):
    path, work = written(tmp_path, topics), tmp_path / "work"
    expected = content(fitted(path, **WORDS), tmp_path)
    kept = killed_once_learnt(monkeypatch, path, work)
    assert kept.exists()

    def refused(*arguments, **options):
        raise AssertionError("the texts are cut again")

    def checked(*arguments, **options):
        assert not kept.exists()
        return fit_part(*arguments, **options)

    monkeypatch.setattr(learnt_rows, "packed", refused)
    monkeypatch.setattr(shard_fit, "fit_part", checked)
    again = vikt.TextClassifier(**WORDS).fit_files(path, "text", "label", work_dir=work)
    assert content(again, tmp_path) == expected


@pytest.mark.parametrize("name", ["columns", "*/rows", "*/0/list", "*/0/0-000"])
def test_what_is_kept_of_rows_is_refused_if_damaged_and_not_needed(tmp_path, topics, small_shards, monkeypatch, name):
    path, work = written(tmp_path, topics), tmp_path / "work"
    expected = content(fitted(path, **WORDS), tmp_path)
    damaged = sorted(killed_once_learnt(monkeypatch, path, work).glob(name))[-1]
    damaged.write_bytes(damaged.read_bytes()[:-10])

    def fit():
        return vikt.TextClassifier(**WORDS).fit_files(path, "text", "label", work_dir=work)

    with pytest.raises(InputFileError, match=f"{damaged.name}: was truncated or altered; remove it, and start again"):
        fit()
    damaged.unlink()
    assert content(fit(), tmp_path) == expected


def blended(choose):
    """A plan of two parts, whatever is best."""
    from vikt.selection.recipes import Recipe

    def chosen(*arguments):
        plan = choose(*arguments)
        recipe = Recipe("nb+word+char", (("nb", 0.5), ("word+char", 0.5)))
        return replace(plan, recipe=recipe, penalties=(plan.penalties[0],) * 2, features=None)

    return chosen


def test_work_of_other_options_or_of_changed_files_is_refused(tmp_path, topics, small_shards, monkeypatch):
    path, work = written(tmp_path, topics), tmp_path / "work"
    with monkeypatch.context() as killing:
        kills(killing, shard_fit, "fit_part", 1)
        with pytest.raises(KilledError):
            vikt.TextClassifier(analyzer="word").fit_files(path, "text", "label", work_dir=work)
    with pytest.raises(OutputFileError, match="l2 was"):
        vikt.TextClassifier(**WORDS).fit_files(path, "text", "label", work_dir=work)
    written(tmp_path, topics[1:])
    with pytest.raises(OutputFileError, match=r"rows\.csv"):
        vikt.TextClassifier(analyzer="word").fit_files(path, "text", "label", work_dir=work)
    again = vikt.TextClassifier(analyzer="word").fit_files(path, "text", "label", work_dir=work, restart=True)
    assert again.data_["rows"] == len(topics) - 1


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (pd.DataFrame({"text": ["a"], "label": ["b"]}), "found a frame with the columns 'text', 'label'; use fit"),
        (pl.DataFrame({"text": ["a"], "label": ["b"]}), "found a frame with the columns 'text', 'label'; use fit"),
        ({"text": ["a"], "label": ["b"]}, "found a frame with the columns 'text', 'label'; use fit"),
        ([["a", "b"]], "found ['a', 'b'] among them; name files, or use fit"),
        (["rows.csv", None], "found None among them; name files, or use fit"),
        (5, "found 5; name files"),
    ],
    ids=["pandas", "polars", "dict", "rows", "None among paths", "a number"],
)
def test_data_in_the_place_of_paths(given, told):
    with pytest.raises(ParameterError, match=re.escape(f"paths: expected paths, {told}")):
        vikt.TextClassifier().fit_files(given)


@pytest.mark.parametrize(
    ("options", "parameter"),
    [
        ({"folds": 3}, "folds"),
        ({"one_standard_error": True}, "one_standard_error"),
        ({"l1_ratio": 0.5}, "l1_ratio"),
        ({"solver": "minibatch"}, "solver"),
        ({"solver": "minibatch", "patience": 2}, "patience"),
        ({"aim": "f1"}, "aim"),
        ({"calibrate": True}, "calibrate"),
        ({"coverage": 0.9}, "coverage"),
        ({"max_error": 0.1}, "max_error"),
        ({"targets": "several"}, "targets"),
        ({"order": ["a", "b", "c"]}, "order"),
        ({"features": [Number(name="size")]}, "features"),
    ],
    ids=str,
)
def test_what_needs_all_rows_in_memory_is_refused_before_any_is_read(options, parameter):
    with pytest.raises(ParameterError) as refused:
        vikt.TextClassifier(**options).fit_files("nowhere.csv")
    assert refused.value.parameter == parameter
    assert str(refused.value).endswith("use fit")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "memory_limit._PER_WEIGHT",
            10**9,
            r"[\d,]+ features and 3 classes need about \d+\.\d GB, but the limit is 1\.0 GB",
        ),
        (
            "memory_limit._PER_ROUGH_WEIGHT",
            10**9,
            r"features and 3 classes need about \d+\.\d GB, but the limit is 1\.0 GB",
        ),
        ("memory_limit.Spool.excess_per_shard", 10**9, r"[\d.]+ [kM]B of text need about \d+\.\d GB, but the limit is"),
        (
            "memory_limit._MOST_RESIDENT",
            -10.0,
            r"the n-grams of 'word' do not fit into 1\.0 GB; raise the limit .*hashing=BITS",
        ),
    ],
)
def test_too_little_memory_is_told_and_more_goes_on(tmp_path, topics, small_shards, monkeypatch, name, value, message):
    path, work, options = written(tmp_path, topics), tmp_path / "work", WORDS | {"l2": "auto"}
    with monkeypatch.context() as short:
        short.setattr(f"vikt.fitting.sharded.{name}", value)
        with pytest.raises(ParameterError, match=message) as refused:
            vikt.TextClassifier(**options).fit_files(path, "text", "label", work_dir=work)
    assert refused.value.parameter == "memory"
    assert (work / "plan.json").exists() == ("excess" not in name and "ROUGH" not in name)
    again = vikt.TextClassifier(**options).fit_files(path, "text", "label", work_dir=work, memory="2GB")
    assert content(again, tmp_path) == content(fitted(path, **options), tmp_path)


def test_what_the_process_held_before_is_not_counted(tmp_path, topics, small_shards, monkeypatch):
    monkeypatch.setattr(memory_limit, "memory_resident", lambda: 5 * 10**9)
    assert fitted(written(tmp_path, topics), **WORDS).certificate_ <= 1e-8


@pytest.mark.parametrize(("analyzer", "least", "n_features"), [("word", 450, 400_000), ("auto", 700, 2_400_000)])
def test_the_least_limit_has_room_for_features(analyzer, least, n_features):
    settings = vikt.TextClassifier(analyzer=analyzer).settings()
    with pytest.raises(ParameterError, match=rf"expected at least {least}\.0 MB, found {least - 1}\.0 MB"):
        MemoryLimit.of((least - 1) * 10**6, settings)
    limit = MemoryLimit.of(least * 10**6, settings)
    limit.check_weights(SimpleNamespace(n_features=n_features), n_classes=2)
    with pytest.raises(ParameterError, match="keep fewer features"):
        limit.check_weights(SimpleNamespace(n_features=2 * n_features), n_classes=2)


def test_few_bytes_let_few_threads_work():
    settings = vikt.TextClassifier(analyzer="word").settings()
    assert [MemoryLimit.of(memory, settings).threads(4) for memory in (5 * 10**8, 10**9, 10**10)] == [1, 2, 4]


def test_what_a_fit_leaves_of_the_limit_and_of_free_memory_is_room_for_rows(monkeypatch):
    classifier = vikt.TextClassifier(**WORDS, min_df=1)
    features = classifier.fit(["a b", "c", "d", "e f"], ["x", "y", "x", "y"]).features_

    def room(n_bytes, resident, free=10**10, held=0, n_classes=2, most_rows=0):
        monkeypatch.setattr(memory_limit, "memory_resident", lambda: resident)
        monkeypatch.setattr(memory_limit, "memory_available", lambda: free)
        return MemoryLimit(n_bytes, 0, held).room_for_rows(features, n_classes, most_rows)

    few = room(10**9, 3 * 10**8)
    assert 4 * 10**8 < few < 7 * 10**8
    assert room(10**9, 4 * 10**8) == few - 10**8
    assert room(10**9, 4 * 10**8, held=10**8) == few
    assert 0 < few - room(10**9, 3 * 10**8, n_classes=50) < 10**6
    # A proof has the scores of a part, in float64, at least four times.
    assert few - room(10**9, 3 * 10**8, n_classes=1_000, most_rows=4_000) > 4 * 8 * 4_000 * 1_000
    assert few - room(10**9, 3 * 10**8, most_rows=4_000) < 10**6
    assert room(10**9, 9 * 10**8) == 0
    assert room(sys.maxsize, 3 * 10**8) == room(10**11, 3 * 10**8) == 5 * 10**9
    assert room(10**9, resident=0) == 0


@pytest.mark.parametrize("at", [1, 2, 5])
def test_a_disk_that_is_too_small_is_told_before_it_is_full(tmp_path, topics, small_shards, monkeypatch, at):
    # What is spooled needs room too.
    path, work, room = written(tmp_path, topics), tmp_path / "work", [10**9] * at + [10]
    with monkeypatch.context() as small:
        # Files that are removed once rows are packed make room.
        small.setattr(learnt_rows.LearntRows, "n_bytes", 0)
        small.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=room.pop(0)))
        with pytest.raises(OutputFileError, match=r"expected room for about \d.* of packed rows, found 10 bytes free"):
            vikt.TextClassifier(**WORDS).fit_files(path, "text", "label", work_dir=work)
    again = vikt.TextClassifier(**WORDS).fit_files(path, "text", "label", work_dir=work)
    assert content(again, tmp_path) == content(fitted(path, **WORDS), tmp_path)


@pytest.mark.parametrize(
    ("rows", "text", "options", "error"),
    [
        ([("a", "x"), ("b", "y")] * 20, "nix", {}, ColumnError),
        ([("a", "x"), ("b", "x")] * 20, "text", {}, ClassesError),
        ([("a", "x"), ("b", "y")] * 20, "text", {"min_df": 30, "analyzer": "word"}, EmptyVocabularyError),
    ],
    ids=["column", "classes", "vocabulary"],
)
def test_data_that_are_refused_leave_no_work(tmp_path, rows, text, options, error):
    path = written(tmp_path, rows)
    with pytest.raises(error):
        vikt.TextClassifier(**options).fit_files(path, text, work_dir=tmp_path / "work")
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize("mistaken", [{"min_df": 10**6}, {"class_weight": {"z": 2.0}}], ids=["min_df", "class_weight"])
def test_options_are_corrected_and_the_rows_are_not_read_again(tmp_path, topics, monkeypatch, mistaken):
    path, work = written(tmp_path, topics), tmp_path / "work"
    with pytest.raises(UsageError, match=next(iter(mistaken))):
        vikt.TextClassifier(**WORDS, **mistaken).fit_files(path, "text", "label", work_dir=work)
    expected = content(fitted(path, **WORDS), tmp_path)
    monkeypatch.setattr("vikt.spool.spooling.Source.batches", None)
    corrected = vikt.TextClassifier(**WORDS).fit_files(path, "text", "label", work_dir=work)
    assert content(corrected, tmp_path) == expected
    assert not work.exists()


def test_files_that_are_missing_leave_no_work(tmp_path):
    with pytest.raises(InputFileError):
        vikt.TextClassifier().fit_files(tmp_path / "nowhere.csv", work_dir=tmp_path / "work")
    assert not (tmp_path / "work").exists()


def test_the_solver_sees_the_rows_of_all_shards(tmp_path, topics, small_shards, monkeypatch):
    seen = []

    def fit(prepared, *arguments, **options):
        seen.append(prepared.fold.training)
        return fit_part(prepared, *arguments, **options)

    monkeypatch.setattr(shard_fit, "fit_part", fit)
    fitted(written(tmp_path, topics), **WORDS)
    (objective,) = seen
    assert isinstance(objective, Objective)
    assert objective.parts.n_parts >= 8
    assert objective.total_weight == len(topics)
