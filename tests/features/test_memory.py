"""The memory that training takes is logged beforehand, and in proportion."""

from __future__ import annotations

import logging

import pytest

from vikt import TextClassifier
from vikt.features import memory
from vikt.features.memory import log_memory, memory_available, memory_needed
from vikt.features.settings import FeatureSettings

GB = 1_000_000_000


@pytest.fixture
def logged(monkeypatch, caplog):
    def logged(n_bytes, available):
        monkeypatch.setattr(memory, "memory_available", lambda: available)
        with caplog.at_level(logging.INFO, "vikt"):
            log_memory(n_bytes, FeatureSettings())
        return [(record.levelname, record.getMessage()) for record in caplog.records]

    return logged


@pytest.mark.parametrize(
    ("options", "n_bytes", "peak"),
    [
        # The highest peaks of `vikt train` with one thread: IMDB's reviews, whole and in part, and at a given λ short
        # texts of many languages.
        ({}, 16_517_122, 300e6),
        ({}, 33_130_347, 412e6),
        ({"ngrams": (1, 1)}, 33_130_347, 282e6),
        ({"ngrams": (1, 3)}, 33_130_347, 530e6),
        ({"hashing": 22}, 33_130_347, 396e6),
        ({"hashing": 24}, 33_130_347, 690e6),
        ({"hashing": 26}, 33_130_347, 1912e6),
        ({"analyzer": "char_wb"}, 16_517_122, 623e6),
        ({"analyzer": "char_wb"}, 33_130_347, 1054e6),
        ({"analyzer": "char_wb", "ngrams": (2, 4)}, 33_130_347, 722e6),
        ({"analyzer": "char"}, 8_304_851, 539e6),
        ({"analyzer": "word+char"}, 8_304_851, 505e6),
        ({"analyzer": "word+char"}, 33_130_347, 1287e6),
        ({}, 14_624_053, 398e6),
        ({"analyzer": "char_wb"}, 14_624_053, 720e6),
    ],
    ids=str,
)
def test_the_estimate_is_near_what_was_measured_or_above(options, n_bytes, peak):
    assert 0.87 < memory_needed(n_bytes, FeatureSettings(**options)) / peak < 1.6


def test_little_is_not_logged(logged):
    assert logged(GB // 100, 4 * GB) == []


def test_much_is_logged(logged):
    [(level, message)] = logged(GB, 16 * GB)
    assert level == "INFO"
    assert "1.0 GB of text takes about 8.2 GB of memory" in message


@pytest.mark.parametrize("n_bytes", [GB // 100, GB])
def test_more_than_there_is_is_a_warning_with_advice(logged, n_bytes):
    [(level, message)] = logged(n_bytes, GB // 10)
    assert level == "WARNING"
    assert "100.0 MB are free; shorter n-grams" in message


def test_memory_is_available():
    assert memory_available() > 1_000_000


def test_memory_where_the_system_tells_nothing(monkeypatch):
    monkeypatch.setattr("builtins.open", lambda *_, **__: (_ for _ in ()).throw(FileNotFoundError))
    assert memory_available() > 1_000_000
    monkeypatch.delattr("os.sysconf")
    assert memory_available() > 1 << 60


def test_a_classifier_tells_it_before_it_learns(emails, monkeypatch, caplog):
    monkeypatch.setattr(memory, "memory_available", lambda: 1000)
    TextClassifier(l2=0.1).fit(*emails)
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_megabytes_of_text_are_not_spelled_as_no_gigabytes(logged):
    [(_, message)] = logged(33_000_000, 500_000_000)
    assert "33.0 MB of text" in message
    assert "500.0 MB are free" in message
