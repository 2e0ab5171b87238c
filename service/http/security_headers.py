"""Security headers on every answer, and cross-origin access for scripts of other sites (CORS).

Owns these headers and the strictest content policy, for answers that are no page; a page has a
policy of its own (`pages`), and a header that an answer has already is kept. Plain ASGI, outside of
everything else, so that errors carry them, too. Without origins a browser still shows our pictures
on any site, and lets no foreign script read them.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.http.headers import CACHE_HEADERS, PICTURE_HEADERS

CONTENT_POLICY = "Content-Security-Policy"


def content_policy(**sources: str) -> str:
    """A Content-Security-Policy that allows nothing but `sources`.

    Args:
        sources: what a directive allows, as in `img_src="'self' blob:"`.
    """
    allowed = [f"{name.replace('_', '-')} {source}" for name, source in sources.items()]
    closed = ("base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'")
    return "; ".join(("default-src 'none'", *allowed, *closed))


# A browser shows a picture or a film that was opened by itself in a page of its own making.
NO_PAGE = content_policy(img_src="'self'", media_src="'self'", style_src="'unsafe-inline'")

HEADERS = {
    CONTENT_POLICY: NO_PAGE,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "cross-origin",  # a picture may be shown by any site
}

# What scripts of other sites may send and read beyond the usual headers.
REQUEST_HEADERS = (
    "Authorization",
    "If-Match",
    "If-None-Match",
    "If-Range",
    "Range",
    "X-API-Key",
    "X-Request-ID",
    "X-Request-Timeout",
)
EXPOSED_HEADERS = (
    *PICTURE_HEADERS,
    *CACHE_HEADERS,
    "Content-Location",
    "Content-Range",
    "Retry-After",
)


class SecurityHeadersMiddleware:
    """Adds the headers that an answer does not have yet."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or pass on what is none."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, guarded)


def add_cors(app: FastAPI, origins: Sequence[str]) -> None:
    """Let scripts of `origins` read the answers of `app`; `*` is every site."""
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=("GET", "HEAD", "POST"),
            allow_headers=REQUEST_HEADERS,
            expose_headers=EXPOSED_HEADERS,
        )
