"""`GET /status`: what the service does now, for an open page.

Names no client, path, host or key; for operators there are health, metrics and the log.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from service.composition import ServiceRuntime
from service.credentials.manifest import VERSION
from service.errors import NotReady
from service.http.dependencies import RuntimeDep
from service.http.routes.documentation import error_responses
from service.http.schemas import QueueStatus, ServiceStatus
from service.operations.metrics import REASONS

router = APIRouter(tags=["models"])

NEVER_STORED: Final = {"Cache-Control": "no-store"}


@router.head("/status", include_in_schema=False)
@router.get("/status", responses=error_responses(401, 429))
async def status(runtime: RuntimeDep, response: Response) -> ServiceStatus:
    """Return readiness, queue, speed and models; answered while the service is not ready, too."""
    response.headers.update(NEVER_STORED)
    return status_of(runtime, await runtime.shared.recent_refusals())


def status_of(runtime: ServiceRuntime, refused: Counter[str]) -> ServiceStatus:
    """Return the status of a service in any phase, with its recent refusals by reason."""
    settings, load = runtime.settings, runtime.renderer.load()
    default, models = _served(runtime)
    return ServiceStatus(
        version=VERSION,
        uptime_s=round(runtime.uptime_s, 1),
        ready=_is_ready(runtime),
        queue=QueueStatus(
            pictures=load.queued_images,
            seconds=round(load.queued_s, 3),
            capacity=settings.queue_capacity,
            capacity_s=settings.queue_work_s,
        ),
        pictures_a_second=round(load.images_per_s, 2),
        refused={reason: refused[reason] for reason in REASONS},
        default=default,
        models=models,
    )


def _is_ready(runtime: ServiceRuntime) -> bool:
    try:
        runtime.require_ready()
    except NotReady:
        return False
    return True


def _served(runtime: ServiceRuntime) -> tuple[str | None, list[str]]:
    """Return the name of the default and of all models; none while they load."""
    try:
        catalogue = runtime.catalogue
    except NotReady:
        return None, []
    return catalogue.default, list(catalogue.models)
