"""Web pages: `/` for pictures, `/check` for proofs, `/docs` for the description of the routes.

Owns these pages, their files and their content security policies. All files come from this server,
so the pages work without the internet. Knows nothing of pictures.
"""

from __future__ import annotations

import os
from pathlib import Path

import fastapi_offline
from fastapi import Depends, FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from service.http.dependencies import no_body
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


def include_files(app: FastAPI) -> None:
    """Serve the files of both pages with `app`."""
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
