"""Errors as RFC 9457 has them: an object of JSON with one message."""

from __future__ import annotations

import json
from http import HTTPStatus

from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


class ProblemError(Exception):
    """A request that is refused: its status, and one message that says why and what to do.

    Examples
    --------
    >>> ProblemError(404, "there is no model 'spam'; choose from 'ham'").content()
    b'{"type": "about:blank", "title": "Not Found", "status": 404, "detail": "there is no model \\'spam\\'; ..."}'
    """

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers or {}

    def content(self) -> bytes:
        """The object, in ASCII, so that no half of a character can break it."""
        title = HTTPStatus(self.status).phrase
        return json.dumps(
            {"type": "about:blank", "title": title, "status": self.status, "detail": self.detail}
        ).encode()

    def response(self) -> Response:
        return Response(self.content(), self.status, self.headers, MEDIA_TYPE)


def busy(detail: str) -> ProblemError:
    """The refusal of a request that may succeed a second later."""
    return ProblemError(503, detail, {"Retry-After": "1"})
