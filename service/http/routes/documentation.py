"""OpenAPI description: answers other than JSON, errors, names of operations, examples.

Owns everything that FastAPI cannot derive from signatures. Client generators read it.
"""

from __future__ import annotations

import http
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from service.http.headers import CACHE_HEADERS, DATASET_HEADERS, PICTURE_HEADERS
from service.http.parameters import SEEDS_ALLOWED
from service.http.problems import MEDIA_TYPE
from service.http.schemas import GenerateAnswer, Problem, WalkAnswer
from service.media.animation import MOVING_FORMATS
from service.media.encoding import FORMATS

Responses = dict[int | str, dict[str, Any]]

BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
# Client generators that do not know image media types interpret this one as "bytes"; without it
# they omit the answer, or parse a picture as the JSON of the same route.
ANY_FILE = {"application/octet-stream": BINARY}
IMAGES = {**ANY_FILE, **{each.media_type: BINARY for each in FORMATS.values()}}
MOVING = {**ANY_FILE, **{each.media_type: BINARY for each in MOVING_FORMATS.values()}}
ARCHIVE = {"application/zip": BINARY}
BY_CONTENT_TYPE = (
    "Content-Type says which; application/octet-stream stands for any of them in generated clients."
)

PROBLEM_REFERENCE = {"$ref": "#/components/schemas/Problem"}
UNUSED_SCHEMAS = ("HTTPValidationError", "ValidationError")  # of FastAPI; ours are problems

DESCRIPTION = f"""Pictures by seed, from generative networks.

A seed is {SEEDS_ALLOWED}. `/images/A?end=B&t=0.25` is the picture at a quarter of the way from seed
A to seed B. The same seed is the same picture: byte for byte for one model digest
(`model=name@digest`) on one platform, which `GET /models` shows beside the digest; on another kind
of processor or with other libraries, a pixel may differ by a rounding.

Errors are `application/problem+json` (RFC 9457): what is wrong, what is allowed, what to do."""


class DescribedApp(FastAPI):
    """Application whose description has one schema for all errors, and plain operation names."""

    def openapi(self) -> dict[str, Any]:
        """Return the description, which is generated once."""
        if self.openapi_schema is None:
            described = super().openapi()
            schemas = described.setdefault("components", {}).setdefault("schemas", {})
            schemas["Problem"] = Problem.model_json_schema()
            for name in UNUSED_SCHEMAS:
                schemas.pop(name, None)
            for operations in described["paths"].values():
                for operation in operations.values():
                    _show_examples(operation.get("parameters", []))
        assert self.openapi_schema is not None  # set above, or by an earlier call
        return self.openapi_schema


def operation_id(route: APIRoute) -> str:
    """Return the name of an operation: that of its function, as `generate`."""
    return route.name


def _show_examples(parameters: list[dict[str, Any]]) -> None:
    """Set the examples of required parameters where "Try it out" reads them."""
    for parameter in parameters:
        if parameter["required"] and (examples := parameter["schema"].get("examples")):
            parameter["example"] = examples[0]


def _headers(*more: str) -> dict[str, Any]:
    """Describe the headers of a picture, and `more` headers of HTTP."""
    described = {
        name: {"description": text, "schema": {"type": "string"}}
        for name, text in PICTURE_HEADERS.items()
    }
    return described | _headers_of(*more)


def _headers_of(*names: str) -> dict[str, Any]:
    """Describe headers of HTTP."""
    about = {"description": "See RFC 9110 and RFC 9111.", "schema": {"type": "string"}}
    return dict.fromkeys(names, about)


def error_responses(*statuses: int) -> Responses:
    """Return the error answers of a route."""
    content = {MEDIA_TYPE: {"schema": PROBLEM_REFERENCE}}
    return {
        status: {"description": http.HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }


def json_responses() -> Responses:
    """Return the answers of a route with JSON that clients poll, beside its schema."""
    return {
        200: {"headers": _headers_of("ETag", "Cache-Control")},
        304: {"description": "The client has this answer."},
    }


PART: Responses = {
    206: {
        "description": "The bytes that Range asked for.",
        "content": ANY_FILE,
        "headers": _headers(*CACHE_HEADERS, "Content-Range"),
    },
}
GENERATE: Responses = {
    200: {
        "model": GenerateAnswer,
        "description": "One image, or several as JSON, a ZIP file or a contact sheet. "
        + BY_CONTENT_TYPE,
        "content": {**IMAGES, **ARCHIVE},
        "headers": _headers(),
    },
    **error_responses(401, 404, 406, 413, 415, 422, 429, 500, 503, 504),
}
DATASETS: Responses = {
    200: {
        "description": "The archive, sent while it is made. Its last record, `complete.json` or "
        "`__complete__`, proves that it is whole; one without it goes on with `from_seed`.",
        "content": {**ANY_FILE, **ARCHIVE, "application/x-tar": BINARY},
        "headers": {
            name: {"description": about, "schema": {"type": "string"}}
            for name, about in DATASET_HEADERS.items()
        },
    },
    304: {"description": "The client has these bytes."},
    **error_responses(401, 403, 404, 412, 413, 415, 422, 429, 500, 503),
}
METRICS: Responses = {
    200: {"description": "The metrics.", "content": {"text/plain": {"schema": {"type": "string"}}}},
    **error_responses(422),
}
REPRODUCE: Responses = {
    200: {
        "description": f"The image of that seed, or between two. {BY_CONTENT_TYPE}",
        "content": IMAGES,
        "headers": _headers(*CACHE_HEADERS, "Content-Location"),
    },
    **PART,
    304: {"description": "The client has these bytes."},
    **error_responses(401, 404, 412, 413, 415, 416, 422, 429, 500, 503, 504),
}
TRANSLATE: Responses = {
    200: {
        "description": f"The translated picture. {BY_CONTENT_TYPE}",
        "content": IMAGES,
        "headers": _headers(),
    },
    **error_responses(401, 404, 406, 408, 412, 413, 415, 422, 429, 500, 503, 504),
}
WALK: Responses = {
    200: {
        "model": WalkAnswer,
        "description": f"The walk. {BY_CONTENT_TYPE}",
        "content": {**MOVING, FORMATS["png"].media_type: BINARY, **ARCHIVE},
        "headers": _headers(*CACHE_HEADERS),
    },
    **PART,
    304: {"description": "The client has these bytes."},
    **error_responses(401, 404, 412, 413, 415, 416, 422, 429, 500, 503, 504),
}
