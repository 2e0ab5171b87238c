"""Security headers on every answer, and cross-origin access for scripts of other sites (CORS).

Owns these headers and the strictest content policy, for answers that are not web pages; a page has
its own policy (`pages`), and headers already set are kept. Plain ASGI, outside of all other
middleware, so that errors carry them, too. Without configured origins any site can display our
pictures, but its scripts cannot read them.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.http.headers import CACHE_HEADERS, DATASET_HEADERS, PICTURE_HEADERS

CONTENT_POLICY = "Content-Security-Policy"


def content_policy(**sources: str) -> str:
    """Return a Content-Security-Policy that allows only `sources`.

    Args:
        sources: allowed sources of each directive, as in `img_src="'self' blob:"`.
    """
    allowed = [f"{name.replace('_', '-')} {source}" for name, source in sources.items()]
    closed = ("base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'")
    return "; ".join(("default-src 'none'", *allowed, *closed))


# A browser displays a picture or video opened directly in a page of its own.
NO_PAGE = content_policy(img_src="'self'", media_src="'self'", style_src="'unsafe-inline'")

HEADERS = {
    CONTENT_POLICY: NO_PAGE,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "cross-origin",  # a picture may be displayed by any site
}

_ENCODED = tuple((name.lower().encode(), value.encode()) for name, value in HEADERS.items())

# Headers that scripts of other sites may send and read beyond the common ones.
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
    *dict.fromkeys((*PICTURE_HEADERS, *CACHE_HEADERS, *DATASET_HEADERS)),
    "Content-Location",
    "Content-Range",
    "Retry-After",
)


class SecurityHeadersMiddleware:
    """Adds the security headers that an answer does not have yet."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; pass other ASGI scopes on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers: list[tuple[bytes, bytes]] = message["headers"]
                present = {name.lower() for name, _ in headers}
                message["headers"] = [*headers, *(e for e in _ENCODED if e[0] not in present)]
            await send(message)

        await self._app(scope, receive, guarded)


def add_cors(app: FastAPI, origins: Sequence[str]) -> None:
    """Let scripts of `origins` read the answers of `app`; `*` allows every site."""
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=("GET", "HEAD", "POST"),
            allow_headers=REQUEST_HEADERS,
            expose_headers=EXPOSED_HEADERS,
        )
