"""What the OpenAPI page says of answers that are no JSON, and of errors."""

from __future__ import annotations

import http
from typing import Any

from service.http.headers import CACHE_HEADERS, PICTURE_HEADERS
from service.http.problems import MEDIA_TYPE
from service.http.schemas import GenerateAnswer, Problem, WalkAnswer
from service.media.animation import MOVING_FORMATS
from service.media.encoding import FORMATS

Responses = dict[int | str, dict[str, Any]]

BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
IMAGES = {each.media_type: BINARY for each in FORMATS.values()}
MOVING = {each.media_type: BINARY for each in MOVING_FORMATS.values()}
ARCHIVE = {"application/zip": BINARY}


def _headers(*more: str) -> dict[str, Any]:
    about = {**PICTURE_HEADERS, **{name: "See RFC 9110 and RFC 9111." for name in more}}
    return {
        name: {"description": text, "schema": {"type": "string"}} for name, text in about.items()
    }


def problems(*statuses: int) -> Responses:
    """The errors a route may answer with."""
    content = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    return {
        status: {"description": http.HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }


GENERATE: Responses = {
    200: {
        "model": GenerateAnswer,
        "description": "One image, or several as JSON, a ZIP file or a contact sheet.",
        "content": {**IMAGES, **ARCHIVE},
        "headers": _headers(),
    },
    **problems(401, 404, 406, 413, 415, 422, 429, 500, 503, 504),
}
METRICS: Responses = {
    200: {"description": "The metrics.", "content": {"text/plain": {"schema": {"type": "string"}}}},
    **problems(422),
}
REPRODUCE: Responses = {
    200: {
        "description": "The image of that seed.",
        "content": IMAGES,
        "headers": _headers(*CACHE_HEADERS),
    },
    304: {"description": "The client has these bytes."},
    **problems(401, 404, 413, 415, 422, 429, 500, 503, 504),
}
WALK: Responses = {
    200: {
        "model": WalkAnswer,
        "description": "The walk.",
        "content": {**MOVING, **ARCHIVE},
        "headers": _headers(*CACHE_HEADERS),
    },
    304: {"description": "The client has these bytes."},
    **problems(401, 404, 413, 415, 422, 429, 500, 503, 504),
}
