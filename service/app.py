"""The FastAPI application: middleware, routes and lifespan.

Owns the order of middleware and routes. `create_app` only composes: loading begins with the
lifespan, on the engine's thread.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI

from service.composition import ServiceRuntime
from service.http import problems
from service.http.addresses import AddressMiddleware
from service.http.dependencies import LifespanState, access_dependencies, no_body
from service.http.operations_server import run_operations_server
from service.http.pages import (
    include_description,
    include_files,
    include_page,
    include_verification,
)
from service.http.ranges import RecentFiles
from service.http.request_log import RequestLogMiddleware
from service.http.routes import (
    datasets,
    generate,
    interpolate,
    models,
    operations,
    reproduce,
    status,
    translate,
    verify,
)
from service.http.routes.documentation import DESCRIPTION, DescribedApp, operation_id
from service.http.security_headers import SecurityHeadersMiddleware, add_cors
from service.http.validated_json import LatestAnswer
from service.operations.spans import telemetry
from service.settings import Settings


def create_app(
    settings: Settings,
    runtime: ServiceRuntime | None = None,
    operations_sockets: Sequence[socket.socket] = (),
) -> FastAPI:
    """Create the application for `settings`.

    Args:
        settings: settings of the service.
        runtime: parts of the service, if the caller needs them, too; else created here.
        operations_sockets: sockets of the operations port, if it is open already.
    """
    parts = runtime or ServiceRuntime(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[LifespanState]:
        async with run_operations_server(app, parts, operations_sockets):
            parts.start()
            yield {
                "runtime": parts,
                "recent_files": RecentFiles(),
                "latest_models": LatestAnswer(),
            }
            await parts.stop()

    alone = settings.operations_port is None
    app = DescribedApp(
        title="Progan",
        description=DESCRIPTION,
        generate_unique_id_function=operation_id,
        lifespan=lifespan,
        telemetry=telemetry(),
        docs_url=None,  # our own page loads nothing from other sites
        redoc_url=None,
        openapi_url="/openapi.json" if alone else None,
    )
    problems.install(app)
    app.add_middleware(AddressMiddleware, root_path=settings.root_path)
    add_cors(app, settings.cors_origins)
    app.add_middleware(RequestLogMiddleware, metrics=parts.metrics)
    app.add_middleware(SecurityHeadersMiddleware)  # the last one added is the outermost
    for room in (generate, reproduce, interpolate, datasets, models, status):
        app.include_router(room.router, dependencies=access_dependencies(settings))
    for room in (translate, verify):
        app.include_router(room.router, dependencies=access_dependencies(settings, body=True))
    app.include_router(operations.router, dependencies=[Depends(no_body)])
    if alone:
        app.include_router(operations.metrics_router, dependencies=[Depends(no_body)])
        include_description(app)
    include_page(app)
    include_verification(app)
    include_files(app)
    return app
