"""JSON answers that clients poll: with an ETag, and 304 for a client that has the answer.

Owns their bytes, their validator and their headers for caches. Knows no models.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from service.http.headers import is_fresh

JSON_TYPE: Final = "application/json"


@dataclass(frozen=True)
class JsonAnswer:
    """The body of an answer, and its strong ETag: a digest of the bytes."""

    content: bytes
    etag: str


class LatestAnswer:
    """An answer that is written again only when its source is another object.

    Attributes:
        source: object of which the answer was written; compared by identity.
    """

    def __init__(self) -> None:
        self.source: object = None
        self._answer: JsonAnswer | None = None

    def of(self, source: object, write: Callable[[], BaseModel]) -> JsonAnswer:
        """Return the answer about `source`, which `write` makes if there is none yet."""
        if self._answer is None or self.source is not source:
            self._answer = json_answer(write())
            self.source = source
        return self._answer


def json_answer(content: BaseModel) -> JsonAnswer:
    """Return `content` as the body of an answer."""
    text = content.model_dump_json().encode()
    return JsonAnswer(text, f'"{hashlib.sha256(text).hexdigest()[:32]}"')


def validated_json(request: Request, answer: JsonAnswer, *, public: bool) -> Response:
    """Return `answer`, or 304 if the client has the same bytes already.

    Caches may keep it and validate it each time, as browsers do by themselves.

    Args:
        request: may have `If-None-Match`.
        answer: body and ETag.
        public: True if a shared cache may give it to clients that have sent no key.
    """
    cache = f"{'public' if public else 'private'}, no-cache"
    headers = {"ETag": answer.etag, "Cache-Control": cache}
    if is_fresh(request, answer.etag):
        return Response(status_code=304, headers=headers)
    return Response(answer.content, headers=headers, media_type=JSON_TYPE)
