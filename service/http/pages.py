"""Web pages: `/` for pictures, `/check` for proofs, `/docs` for the description of the routes.

Owns these pages, their files and their content security policies. The modules of a page are sent as
one script. All files come from this server,
so the pages work without the internet. Knows nothing of pictures.
"""

from __future__ import annotations

import gzip
import hashlib
import os
from functools import cached_property
from pathlib import Path

import fastapi_offline
from fastapi import Depends, FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from service.http.dependencies import no_body
from service.http.headers import is_fresh
from service.http.script_bundle import joined_modules
from service.http.security_headers import CONTENT_POLICY, content_policy

WEB = Path(__file__).parents[1] / "web"
SWAGGER = Path(fastapi_offline.__file__).parent / "static"  # Swagger UI, unmodified

PAGE_POLICY = content_policy(
    script_src="'self'",
    style_src="'self'",
    img_src="'self' blob:",  # pictures are fetched by script, which reads their headers
    connect_src="'self'",
)
# Swagger UI loads its icons from data: URLs and writes style attributes.
DOCS_POLICY = content_policy(
    script_src="'self'",
    style_src="'self' 'unsafe-inline'",
    img_src="'self' blob: data:",
    media_src="'self' blob:",
    connect_src="'self'",
)
# Cached, but validated each time: after an update a page must not run with an old script.
REVALIDATE = {"Cache-Control": "no-cache"}
WITHOUT_BODY = [Depends(no_body)]
BUNDLES = ("page", "verify")  # modules that are sent with all that they import
SCRIPT = "text/javascript"


class RevalidatedFiles(StaticFiles):
    """Files that a browser caches, and validates with their ETag each time."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Return the file, or 304 if the browser has it."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers.update(REVALIDATE)
        return response


class CompressedResponse(Response):
    """A response that is compressed for clients that accept it."""

    def __init__(self, response: Response) -> None:
        super().__init__(status_code=response.status_code)
        self.raw_headers = response.raw_headers
        self._app = GZipMiddleware(response)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        await self._app(scope, receive, send)


class ScriptBundle:
    """The script of a page, joined and compressed when it is first asked for.

    Args:
        first: the module that the others belong to.
    """

    def __init__(self, first: str) -> None:
        self._first = first

    @cached_property
    def content(self) -> bytes:
        """The script."""
        return joined_modules(WEB, self._first).encode()

    @cached_property
    def compressed(self) -> bytes:
        """The script, compressed with gzip."""
        return gzip.compress(self.content, mtime=0)

    @cached_property
    def headers(self) -> dict[str, str]:
        """The headers for either form."""
        digest = hashlib.sha256(self.content).hexdigest()[:32]
        return {"ETag": f'"{digest}"', "Vary": "Accept-Encoding", **REVALIDATE}

    async def answer(self, request: Request) -> Response:
        """Answer with the script; 304 if the client has it."""
        if is_fresh(request, self.headers["ETag"]):
            return Response(status_code=304, headers=self.headers)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(self.content, headers=self.headers, media_type=SCRIPT)
        headers = self.headers | {"Content-Encoding": "gzip"}
        return Response(self.compressed, headers=headers, media_type=SCRIPT)


def include_files(app: FastAPI) -> None:
    """Serve the files of both pages with `app`."""
    for name in BUNDLES:
        app.add_api_route(
            f"/web/{name}.bundle.js",
            ScriptBundle(f"{name}.js").answer,
            methods=["GET", "HEAD"],
            include_in_schema=False,
            dependencies=WITHOUT_BODY,
        )
    app.mount("/web", GZipMiddleware(RevalidatedFiles(directory=WEB)), name="web")


async def page_response(request: Request, name: str, policy: str) -> Response:
    """Answer with a page of `WEB` under a content policy; 304 if the client has it."""
    response = await RevalidatedFiles(directory=WEB).get_response(name, request.scope)
    response.headers[CONTENT_POLICY] = policy
    return CompressedResponse(response)


def include_page(app: FastAPI) -> None:
    """Serve the page at `/` with `app`."""

    @app.head("/", include_in_schema=False, dependencies=WITHOUT_BODY)
    @app.get("/", include_in_schema=False, dependencies=WITHOUT_BODY)
    async def page(request: Request) -> Response:
        return await page_response(request, "index.html", PAGE_POLICY)


def include_verification(app: FastAPI) -> None:
    """Serve the page at `/check` with `app`; its scripts send files to `/verify`."""

    @app.head("/check", include_in_schema=False, dependencies=WITHOUT_BODY)
    @app.get("/check", include_in_schema=False, dependencies=WITHOUT_BODY)
    async def verification_page(request: Request) -> Response:
        return await page_response(request, "verify.html", PAGE_POLICY)


def include_description(app: FastAPI) -> None:
    """Serve the page at `/docs` with `app`, with Swagger UI; it displays `/openapi.json`."""

    @app.head("/docs", include_in_schema=False, dependencies=WITHOUT_BODY)
    @app.get("/docs", include_in_schema=False, dependencies=WITHOUT_BODY)
    async def docs(request: Request) -> Response:
        return await page_response(request, "docs.html", DOCS_POLICY)

    @app.head("/docs/", include_in_schema=False, dependencies=WITHOUT_BODY)
    @app.get("/docs/", include_in_schema=False, dependencies=WITHOUT_BODY)
    async def docs_with_slash(request: Request) -> RedirectResponse:
        return RedirectResponse(f"{request.scope.get('root_path', '')}/docs")

    app.mount("/docs", GZipMiddleware(RevalidatedFiles(directory=SWAGGER)), name="swagger")
