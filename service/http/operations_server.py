"""Metrics and the OpenAPI description on a separate port, for operators of the service.

Owns this second application and its server, which runs in the same process from before the first
port opens until after it has closed: draining can be monitored. Knows nothing of pictures.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from fastapi import Depends, FastAPI
from starlette.responses import JSONResponse

from service.composition import ServiceRuntime
from service.http import problems
from service.http.addresses import AddressMiddleware
from service.http.bounded_server import BoundedServer
from service.http.connections import limits_of_this_process
from service.http.dependencies import LifespanState, no_body
from service.http.listening import listen
from service.http.pages import include_description, include_files
from service.http.ranges import RecentFiles
from service.http.request_log import RequestLogMiddleware, log_refused
from service.http.routes import operations
from service.http.security_headers import SecurityHeadersMiddleware
from service.http.validated_json import LatestAnswer
from service.settings import variable_of

POLL_S = 0.01
LAST_ANSWERS_S = 2  # seconds, for a scrape that is in progress at shutdown


class OperationsServer(BoundedServer):
    """Server that runs beside another one, which handles the signals."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave the signal handlers unchanged."""
        yield


def create_operations_app(described: FastAPI, runtime: ServiceRuntime) -> FastAPI:
    """Create the application with health, metrics and the description of `described`."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[LifespanState]:
        yield {
            "runtime": runtime,
            "recent_files": RecentFiles(0),
            "latest_models": LatestAnswer(),
        }

    app = FastAPI(
        title="Progan: operations",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    problems.install(app)
    app.add_middleware(AddressMiddleware)
    app.add_middleware(RequestLogMiddleware, metrics=runtime.metrics)
    app.add_middleware(SecurityHeadersMiddleware)
    for router in (operations.router, operations.metrics_router):
        app.include_router(router, dependencies=[Depends(no_body)])
    include_description(app)
    include_files(app)

    @app.head("/openapi.json", include_in_schema=False)
    @app.get("/openapi.json", include_in_schema=False)
    async def description() -> JSONResponse:
        return JSONResponse({**described.openapi(), "x-served-here": False})

    return app


@asynccontextmanager
async def run_operations_server(
    described: FastAPI, runtime: ServiceRuntime, sockets: Sequence[socket.socket] = ()
) -> AsyncGenerator[None]:
    """Serve operations on their own port, if the settings name one, while the context is active.

    Args:
        sockets: sockets of that port, if they are open already.
    """
    settings = runtime.settings
    if settings.operations_port is None:
        yield
        return
    host = settings.operations_host or settings.host
    opened = [*sockets] or listen(host, settings.operations_port, variable_of("operations_port"))
    config = uvicorn.Config(
        create_operations_app(described, runtime),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=LAST_ANSWERS_S,
    )
    _, limits = limits_of_this_process().shared()
    server = OperationsServer(config, limits, log_refused(runtime.metrics))
    serve = asyncio.create_task(server.serve(opened))
    while not server.started:
        await asyncio.sleep(POLL_S)
    try:
        yield
    finally:
        server.should_exit = True
        await serve
