"""The description of the service: valid, complete, and with examples that work."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter
from serving import TEXTS, saved, service

import vikt
from vikt.features.handmade.declarations import Number
from vikt.server import schemas
from vikt.server.app import ROUTES

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    frame = {"text": TEXTS, "price": [9.0, 0.0] * 6}
    priced = vikt.TextClassifier(min_df=1, l2=0.01, features=[Number(name="price")]).fit(frame, ["spam", "ham"] * 6)
    priced.save(folder / "priced.vikt")
    return {"spam": saved(folder / "spam.vikt"), "priced": folder / "priced.vikt"}


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def bodies(operation):
    """The examples of a request's body, None for a request without one."""
    if "requestBody" not in operation:
        return [None]
    return [each["value"] for each in operation["requestBody"]["content"]["application/json"]["examples"].values()]


@pytest.mark.parametrize("first", ["spam", "priced"])
async def test_every_example_works(files, first):
    served = {first: files[first], **files}
    async with service(served) as (client, _):
        document = (await client.get("/openapi.json")).json()
        assert document["openapi"] == "3.1.0"
        assert {path for path, _, _ in operations(document)} == set(ROUTES)
        for path, method, operation in operations(document):
            names = {parameter["name"]: parameter["example"] for parameter in operation.get("parameters", [])}
            assert names == ({"model": first} if "{model}" in path else {})
            for body in bodies(operation):
                answer = await client.request(method, path.format(**names), json=body)
                assert answer.status_code == 200, answer.text
                content = operation["responses"]["200"]["content"]
                assert answer.headers["content-type"].partition(";")[0] in content


ANSWERS = {
    "/models": schemas.ModelList,
    "/models/{model}": schemas.ModelRecord,
    "/models/{model}/predict": schemas.Answers,
    "/models/{model}/explain": schemas.ExplainedLabels,
    "/healthz": schemas.Status,
    "/readyz": schemas.Status,
}


async def test_answers_have_the_form_that_is_described(files):
    async with service(files) as (client, _):
        document = (await client.get("/openapi.json")).json()
        for path, method, operation in operations(document):
            if path in ANSWERS:
                for body in bodies(operation):
                    answer = await client.request(method, path.format(model="spam"), json=body)
                    TypeAdapter(ANSWERS[path]).validate_json(answer.content)


async def test_references_lead_somewhere_and_limits_are_those_of_the_service(files):
    async with service(files, token="t") as (client, handlers):
        headers = {"Authorization": "Bearer t"}
        answer = await client.get("/openapi.json", headers=headers)
        document = answer.json()
        named = {part.split('"')[0] for part in answer.text.split("#/components/schemas/")[1:]}
        assert named <= set(document["components"]["schemas"])
        texts = document["components"]["schemas"]["Predict"]["properties"]["texts"]
        assert texts["anyOf"][0]["maxItems"] == handlers.settings.limits.texts
        assert document["security"] == [{"token": []}]
        assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
        for _, _, operation in operations(document):
            for parameter in operation.get("parameters", []):
                assert parameter["schema"]["enum"] == ["spam", "priced"]


async def test_the_document_is_made_once_until_a_model_is_replaced(files, tmp_path):
    path = saved(tmp_path / "spam.vikt")
    async with service({"spam": path}) as (client, handlers):
        first, second = [(await client.get("/openapi.json")).content for _ in range(2)]
        assert first == second
        path.write_bytes(files["priced"].read_bytes())
        handlers.models.renew(handlers.metrics)
        assert b'"price"' in (await client.get("/openapi.json")).content
