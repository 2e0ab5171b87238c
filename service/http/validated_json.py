"""JSON answers that clients poll: with an ETag, and 304 for a client that has the answer.

Owns their validator and their headers for caches. Knows no models.
"""

from __future__ import annotations

import hashlib
from typing import Final

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from service.http.headers import is_fresh

JSON_TYPE: Final = "application/json"


def validated_json(request: Request, answer: BaseModel, *, public: bool) -> Response:
    """Return `answer` as JSON, or 304 if the client has the same bytes already.

    Its ETag is strong, a digest of the bytes. Caches may keep the answer and validate it each time,
    as browsers do by themselves.

    Args:
        request: may have `If-None-Match`.
        answer: content of the answer.
        public: True if a shared cache may give it to clients that have sent no key.
    """
    content = answer.model_dump_json().encode()
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": f"{'public' if public else 'private'}, no-cache"}
    if is_fresh(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=JSON_TYPE)
