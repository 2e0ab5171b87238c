"""What browsers may do with our answers: security headers on every one of them.

Owns these headers and the strictest content policy, for answers that are no page. A page says a
policy of its own (`pages`), and what an answer says is kept. Plain ASGI, outside of everything
else, so that errors carry them, too.
"""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
