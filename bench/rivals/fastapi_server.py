"""Plain FastAPI endpoint, one picture at a time, in several processes of uvicorn.

The endpoint is `async` and computes on the event loop: a plain one would be run by up to forty
threads at once, which is slower on a CPU whose cores are all busy already.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI, Request, Response

from bench.rivals.inside import Inside, orders

PATIENCE_S = 300


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncGenerator[dict[str, Inside]]:
    """Load the model when a process starts, as in FastAPI's documentation on lifespans."""
    yield {"inside": orders().open()}


def create_app() -> FastAPI:
    """Create the application of one process."""
    app = FastAPI(lifespan=lifespan)

    @app.get("/images/{seed}")
    async def image(seed: int, request: Request) -> Response:
        inside: Inside = request.state.inside
        (pixels,) = inside.render([seed])
        return Response(inside.encode(seed, pixels), media_type="image/png")

    return app


if __name__ == "__main__":
    told = orders()
    uvicorn.run(
        "bench.rivals.fastapi_server:create_app",
        factory=True,
        port=told.port,
        workers=told.workers,
        timeout_worker_healthcheck=PATIENCE_S,  # a busy worker must not be restarted
        access_log=False,
    )
