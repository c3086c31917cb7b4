"""What the service does for each request: check it, answer it off the event loop, and say what was asked."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from fastapi import Request, Response

from vikt.server.batches import TextRequest, answer_batch
from vikt.server.bodies import Body, Explain, Predict, parsed, read_body
from vikt.server.documents import document_of, documents_of
from vikt.server.guard import Exchange
from vikt.server.metrics import MEDIA_TYPE, Metrics
from vikt.server.models import Models
from vikt.server.problems import busy
from vikt.server.served import Served, array_of, spelled
from vikt.server.settings import SHORT_BYTES, Settings
from vikt.server.threads import WorkThread, one_by_one

_JSON = "application/json"
_MOST_TOGETHER = 64


class Handlers:
    """The handlers, and the two threads that answer: short requests never wait behind long ones."""

    def __init__(self, models: Models, settings: Settings, metrics: Metrics) -> None:
        self.models, self.settings, self.metrics = models, settings, metrics
        most = settings.limits.waiting
        self._short: WorkThread[TextRequest] = WorkThread(answer_batch, most, together=_MOST_TOGETHER)
        self._long: WorkThread[Callable[[], object]] = WorkThread(one_by_one, most)

    def close(self) -> None:
        """End the threads."""
        self._short.close()
        self._long.close()

    async def list_models(self) -> Response:
        """List the models, and what requests may hold."""
        summaries = [served.summary for served in self.models.served.values()]
        limits = self.settings.limits
        listed = {
            "models": summaries,
            "limits": {"texts": limits.texts, "bytes": limits.body_bytes, "explained": limits.explained_characters},
            "logs_texts": self.settings.log_texts,
        }
        return Response(spelled(listed), media_type=_JSON)

    async def describe_model(self, request: Request) -> Response:
        """Describe a model: what it reads, the record of its fit, the proof and the test figures."""
        served = self._served(request)
        return _of_model(served, await self._long.result(lambda: served.information))

    async def predict(self, request: Request) -> Response:
        """Answer texts."""
        served, body = self._served(request), await self._body(Predict, request)
        documents, count = documents_of(body, served, self.settings.limits)
        answers = served.answers(top=body.top, threshold=body.threshold, proba=body.proba)
        exchange = self._record(request, served, count, texts=body.texts)
        if served.answers_alone and body.texts is not None and exchange.received <= SHORT_BYTES:
            found = await self._short.result(TextRequest(answers, body.texts))
        else:
            found = await self._long.result(lambda: array_of(answers.lines(documents, as_json=True)))
        return _of_model(served, b'{"answers": %b}' % found)

    async def explain(self, request: Request) -> Response:
        """Explain the answer to a text: what each feature adds to the score, and the text in runs of one shade."""
        served, body = self._served(request), await self._body(Explain, request)
        document = document_of(body, served, self.settings.limits)
        self._record(request, served, 1, texts=[body.text])
        explained = partial(served.explained, document, body.label, body.against)
        return _of_model(served, await self._long.result(explained))

    async def card(self, request: Request) -> Response:
        """The card of a model, in Markdown."""
        served = self._served(request)
        return Response(await self._long.result(lambda: served.card), media_type="text/markdown; charset=utf-8")

    async def report(self, request: Request) -> Response:
        """The report of a model, as a page."""
        served = self._served(request)
        return Response(await self._long.result(lambda: served.report), media_type="text/html; charset=utf-8")

    async def health(self) -> Response:
        """Whether the service answers at all."""
        return Response(b'{"status": "ok"}', media_type=_JSON)

    async def ready(self) -> Response:
        """Whether answers come at full speed; texts are answered before that too."""
        if not self.models.is_warm.is_set():
            raise busy("the model is still loading; try again in a second")
        return Response(b'{"status": "ready"}', media_type=_JSON)

    async def give_metrics(self) -> Response:
        """The metrics of all processes, in the text format of Prometheus."""
        return Response(self.metrics.exposition(), media_type=MEDIA_TYPE)

    def _served(self, request: Request) -> Served:
        # FastAPI would take longer to hand the name over than all else that it does; openapi.py describes it.
        return self.models[request.path_params["model"]]

    async def _body(self, kind: type[Body], request: Request) -> Body:
        body = await read_body(request.receive, request.headers, self.settings.limits)
        if len(body) <= SHORT_BYTES:
            return parsed(kind, body)
        checked: Body = await self._long.result(partial(parsed, kind, body))
        return checked

    def _record(self, request: Request, served: Served, count: int, **texts: object) -> Exchange:
        """Count the texts, and add them to the line of the log: themselves only where they are wanted."""
        self.metrics.add_texts(served.name, count)
        exchange: Exchange = request.scope["exchange"]
        exchange.facts |= {"model": served.name, "count": count} | (texts if self.settings.log_texts else {})
        return exchange


def _of_model(served: Served, content: bytes) -> Response:
    """What a model says, with the digest of its file, so that a client sees where another model has taken its place."""
    return Response(content, headers={"Model-Digest": served.digest}, media_type=_JSON)
