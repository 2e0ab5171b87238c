"""Normalize the address of a request: prefix of a proxy, query bytes, tracking parameters.

Owns the changes to an address before routing, and the refusal of addresses that no route may get.
Plain ASGI middleware, inside the request log. Knows no route.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote_plus, unquote_to_bytes, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.http.problems import problem_response

# Parameters that mail programs, social networks and search engines add to shared links. They have
# no effect here; any other unknown parameter is refused, since it may be misspelt.
DECORATIONS: Final = frozenset(
    [
        "_",
        "_ga",
        "_gl",
        "_hsenc",
        "__hsfp",
        "__hssc",
        "__hstc",
        "_hsmi",
        "cb",
        "cachebuster",
        "dclid",
        "epik",
        "fbclid",
        "fb_action_ids",
        "gad_campaignid",
        "gad_source",
        "gbraid",
        "gclid",
        "gclsrc",
        "igsh",
        "igshid",
        "li_fat_id",
        "irclickid",
        "mc_cid",
        "mc_eid",
        "mibextid",
        "mkt_tok",
        "msclkid",
        "nocache",
        "oly_anon_id",
        "oly_enc_id",
        "ref",
        "ref_src",
        "ref_url",
        "referrer",
        "share",
        "si",
        "source",
        "spm",
        "srsltid",
        "ttclid",
        "twclid",
        "v",
        "vero_id",
        "wbraid",
        "wickedid",
        "yclid",
        "ysclid",
    ]
)
DECORATING_PREFIXES: Final = ("utm_", "mtm_", "pk_", "hsa_", "matomo_")

_PREFIX = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_PRINTABLE: Final = "".join(map(chr, range(0x21, 0x7F)))

NOT_UTF8: Final = "text in an address is UTF-8, percent-encoded: é is %C3%A9"
CONTROL_IN_PATH: Final = (
    "a path holds no control characters; a seed that has some goes in the query: "
    "/images?seed=two%0Alines"
)


class AddressMiddleware:
    """Normalizes the address of each request, or refuses it.

    Args:
        root_path: path prefix of the service behind a proxy that sends no prefix header.
    """

    def __init__(self, app: ASGIApp, root_path: str = "") -> None:
        self._app = app
        self._root_path = root_path.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; pass other ASGI scopes on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        set_prefix(scope, prefix_of(Headers(scope=scope)) or self._root_path)
        scope["query_string"] = cleaned_query(scope["query_string"])
        if fault := address_fault(scope):
            where, message = fault
            response = problem_response(
                Request(scope),
                422,
                kind="out-of-range",
                title="A parameter is out of range",
                detail=f"{where}: {message}",
                errors=[{"parameter": where, "message": message}],
            )
            await response(scope, receive, send)
            return

        async def send_relative(message: Message) -> None:
            if message["type"] == "http.response.start" and _has_location(message):
                _make_location_relative(MutableHeaders(scope=message))
            await send(message)

        await self._app(scope, receive, send_relative)


def prefix_of(headers: Headers) -> str:
    """Return the path prefix that proxies report by `X-Forwarded-Prefix`; empty if there is none.

    Several values, as from chained proxies, are joined. A value that is not a plain path is
    ignored, so that a client cannot redirect addresses to another host.
    """
    values = ",".join(headers.getlist("x-forwarded-prefix")).split(",")
    prefix = "".join(value.strip().rstrip("/") for value in values)
    return prefix if _PREFIX.fullmatch(prefix) else ""


def set_prefix(scope: Scope, prefix: str) -> None:
    """Put `prefix` before the path, as ASGI requires, unless the proxy has left it there."""
    if not prefix:
        return
    scope["root_path"] = prefix
    if scope["path"] != prefix and not scope["path"].startswith(f"{prefix}/"):
        scope["path"] = prefix + scope["path"]
        scope["raw_path"] = prefix.encode() + scope.get("raw_path", b"")


def cleaned_query(query: bytes) -> bytes:
    """Return a query without tracking parameters, its non-ASCII bytes percent-encoded."""
    parts = [part for part in query.split(b"&") if part and not _is_decoration(part)]
    return b"&".join(quote(part, safe=_PRINTABLE).encode() for part in parts)


def address_fault(scope: Scope) -> tuple[str, str] | None:
    """Return the first invalid part of an address and the reason; None if all parts are valid."""
    path = unquote_to_bytes(scope.get("raw_path") or scope["path"])
    if _CONTROL.search(path):
        return "path", CONTROL_IN_PATH
    if not _is_utf8(path):
        return "path", NOT_UTF8
    for part in scope["query_string"].split(b"&"):
        if not _is_utf8(unquote_to_bytes(part)):
            name = unquote_plus(part.partition(b"=")[0].decode("ascii"), errors="replace")
            return name, NOT_UTF8
    return None


def _is_decoration(part: bytes) -> bool:
    name = unquote_plus(part.partition(b"=")[0].decode("ascii", "replace")).lower()
    return name in DECORATIONS or name.startswith(DECORATING_PREFIXES)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _has_location(message: Message) -> bool:
    """True if an answer redirects, or names what it has created."""
    return any(name.lower() == b"location" for name, _ in message["headers"])


def _make_location_relative(headers: MutableHeaders) -> None:
    """Reduce the target of a redirect to its path: the host behind a proxy may be another."""
    if (location := headers.get("location")) is None:
        return
    parts = urlsplit(location)
    if parts.netloc and not parts.path.startswith("//"):
        headers["location"] = parts._replace(scheme="", netloc="").geturl()
