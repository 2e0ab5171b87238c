"""Which other sites' scripts may read answers, and which headers of them.

Owns the names of these headers. Without origins there is nothing here: a browser then shows our
pictures on any site, and lets no foreign script read them.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

METHODS = ("GET", "HEAD", "POST")
ASKED = ("Authorization", "If-None-Match", "X-API-Key", "X-Request-ID", "X-Request-Timeout")
TOLD = (
    "Content-Location",
    "ETag",
    "Retry-After",
    "Server-Timing",
    "X-Label",
    "X-Model",
    "X-Pixel-SHA256",
    "X-Request-ID",
    "X-Resolution",
    "X-Seed",
)


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
