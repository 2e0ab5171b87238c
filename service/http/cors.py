"""Which other sites' scripts may read answers, and which headers of them.

Owns the names of these headers. Without origins there is nothing here: a browser then shows our
pictures on any site, and lets no foreign script read them.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from service.http.headers import CACHE_HEADERS, PICTURE_HEADERS

METHODS = ("GET", "HEAD", "POST")
ASKED = (
    "Authorization",
    "If-Match",
    "If-None-Match",
    "If-Range",
    "Range",
    "X-API-Key",
    "X-Request-ID",
    "X-Request-Timeout",
)
TOLD = (*PICTURE_HEADERS, *CACHE_HEADERS, "Content-Location", "Content-Range", "Retry-After")


def add_cors(app: FastAPI, origins: Sequence[str]) -> None:
    """Let scripts of `origins` read the answers of `app`; `*` is every site."""
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=METHODS,
            allow_headers=ASKED,
            expose_headers=TOLD,
        )
