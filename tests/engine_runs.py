"""Runs the engine of an exported page, in Node and in Chromium; tests skip where there is none."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import unicodedata
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from browsing import chromium
from vikt.answers.of_kinds import answers_by
from vikt.explanation.linear import explain_answer
from vikt.export.html.model import encoded_model
from vikt.export.html.page import engine
from vikt.fitting.model import FittedModel
from vikt.fitting.saved import SavedModel

# The answer to each text; of the first few the columns with their values and the units, by part, and the explanation.
READ = """
const model = modelOf(await decoded(given.model));
return given.texts.map((text, i) => {
  const answer = answered(text, model);
  if (i >= given.explained) return { answer };
  const parts = measured(text, model);
  const told = explained(text, null, model);
  const places = told.explanations.map(({ label }) => model.classes.indexOf(label));
  return {
    answer,
    values: parts.map(({ values }) => [...values.values()]),
    units: parts.map(({ units }) => units.map((unit) => unit.text)),
    told,
    emphasis: places.map((k) => emphasised(text, parts, weightsFor(k, model)).emphasis),
  };
});
"""


def in_node(body: str, given: object) -> Any:
    """What the body of a function returns in Node, where it calls the engine; `given` is its argument."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed; apt-get install nodejs")
    call = f"(async (given) => {{ {body} }})(JSON.parse(require('node:fs').readFileSync(0, 'utf-8')))"
    script = f'"use strict";\n{engine()}\n{call}.then((found) => console.log(JSON.stringify(found)));'
    done = subprocess.run(
        [node, "--input-type=commonjs", "-e", script], input=json.dumps(given), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def in_chromium(body: str, given: object) -> Any:
    """The same in Chromium."""
    with chromium() as browser:
        page = browser.new_page()
        made = f'async (given) => {{ "use strict";\n{engine()}\n{body} }}'
        call = f"async (given) => JSON.stringify(await ({made})(JSON.parse(given)))"
        return json.loads(page.evaluate(call, json.dumps(given)))


def read_by(run: Any, saved: SavedModel, texts: list[str], explained: int) -> Any:
    """What the engine makes of texts by an exported model."""
    return run(READ, {"model": encoded_model(saved, "model"), "texts": texts, "explained": explained})


def as_in_a_browser(text: str) -> str:
    """A text whose halves of characters are joined where they are neighbours, as strings of JavaScript have them."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def differences(run: Any, saved: SavedModel, texts: list[str]) -> dict[str, float]:
    """How far the engine's probabilities are from the model's at most, and how many of its answers are others."""
    model, found = saved.model, read_by(run, saved, texts, 0)
    expected = [json.loads(line) for line in _lines(model, texts)]
    own = [[read["answer"][f"P({label})"] for label in model.labels] for read in found]
    furthest = np.abs(np.array(own) - model.probabilities(texts)).max()
    others = sum(
        read["answer"]["predicted"] != answer["predicted"] for read, answer in zip(found, expected, strict=True)
    )
    return {"probability": float(furthest), "answers": others}


def _lines(model: FittedModel, texts: list[str]) -> list[str]:
    """The answers to texts as `vikt predict --json --proba` prints them."""
    return answers_by(model, proba=True).lines(texts, as_json=True).decode("utf-8", "surrogatepass").splitlines()


def check_agreement(run: Any, saved: SavedModel, texts: list[str], explained: int = 50) -> float:
    """Check that the engine reads, answers and explains texts as the model does. The largest difference of P."""
    model, found = saved.model, read_by(run, saved, texts, explained)
    furthest = 0.0
    for line, own in zip(_lines(model, texts), found, strict=True):
        expected = json.loads(line)
        assert list(own["answer"]) == list(expected)
        assert own["answer"]["predicted"] == expected["predicted"]
        assert own["answer"].get("set") == expected.get("set")
        furthest = max(furthest, *(abs(own["answer"][f"P({k})"] - expected[f"P({k})"]) for k in model.labels))
    assert furthest < 1e-6
    for text, own in zip(texts[:explained], found[:explained], strict=True):
        check_explanation(explain_answer(model, [text]), own["told"], own["emphasis"])
    return furthest


def check_explanation(told: Any, found: Any, emphasis: list[list[float]]) -> None:
    """Check that an explanation of the engine says what the model's own does."""
    assert found["remark"] == told.remark
    for expected, own, of_characters in zip(told.of_labels, found["explanations"], emphasis, strict=True):
        about = {name: value for name, value in expected.to_json().items() if name != "contributions"}
        for name, value in about.items():
            assert own[name] == (pytest.approx(value, abs=1e-9) if isinstance(value, float) else value)
        assert own.keys() == {*about, "contributions", "runs"}
        expected_parts = {spelled(part.feature): part.contribution for part in expected.contributions}
        parts = {spelled(part["feature"]): part["contribution"] for part in own["contributions"]}
        assert parts == pytest.approx(expected_parts, abs=1e-9)
        check_order(list(parts), {name: abs(size) for name, size in expected_parts.items()})
        assert "".join(run["text"] for run in own["runs"]) == expected.text
        assert of_characters == pytest.approx(expected.emphasis, abs=1e-9)


def check_order(names: list[tuple[str, ...]], sizes: dict[tuple[str, ...], float]) -> None:
    """Check that names are in the order of sizes; what differs by rounding alone may change places, equals may not."""
    place_of = {name: place for place, name in enumerate(sizes)}
    for one, other in pairwise(names):
        assert place_of[one] < place_of[other] or 0 < abs(sizes[one] - sizes[other]) < 1e-9, (one, other)


def spelled(feature: str) -> tuple[str, ...]:
    """The name of a feature; of a bucket its number, and the n-grams behind it, which have no order."""
    bucket = re.match(r"(?:characters )?#\d+ ", feature)
    return (bucket[0], *sorted(feature[bucket.end() :].split(" | "))) if bucket else (feature,)


def folded(text: str) -> str:
    """NFC, lower case and NFC again, by Python's own functions."""
    nfc = unicodedata.normalize("NFC", text).lower()
    return unicodedata.normalize("NFC", nfc)
