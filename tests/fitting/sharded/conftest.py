"""Texts that tests of fits of shards share."""

import random

import pytest


@pytest.fixture(scope="session")
def topics():
    """Generated texts of three topics, some of them duplicates, and a few with two labels."""
    generator = random.Random(0)
    words = {k: [f"{k}{i}" for i in range(200)] for k in "abcd"}
    rows = []
    for i in range(1500):
        label = "abc"[min(i % 4, 2)]
        mixed = [generator.choice(words[generator.choice([label, "d", label, "abc"[i % 3]])]) for _ in range(12)]
        rows.append((" ".join(mixed), label))
    rows += rows[:60] + [(text, "a") for text, _ in rows[100:130]]
    generator.shuffle(rows)
    return rows
