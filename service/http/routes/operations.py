"""Health and metrics, for operators of the service."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header
from prometheus_client.exposition import choose_encoder
from starlette.responses import Response

from service.http.dependencies import RuntimeDep
from service.http.routes.documentation import METRICS, error_responses
from service.http.schemas import Health, Readiness

router = APIRouter(tags=["operations"])  # health is also on the main port, for load balancers
metrics_router = APIRouter(tags=["operations"])


@router.head("/health/live", include_in_schema=False)
@router.get("/health/live", responses=error_responses(503))
async def live(runtime: RuntimeDep) -> Health:
    """Report liveness: 503 if the process cannot do its work and must be restarted."""
    runtime.require_alive()
    return Health(status="live")


@router.head("/health/ready", include_in_schema=False)
@router.get("/health/ready", responses=error_responses(503))
async def ready(runtime: RuntimeDep) -> Readiness:
    """Report readiness: 503 if requests should be routed to another instance."""
    catalogue = runtime.require_ready()
    return Readiness(
        status="ready",
        default=catalogue.require_default(),
        models=[served.pinned_name for served in catalogue.models.values()],
        refused=dict(catalogue.refused),
        leaving=list(catalogue.retiring),
    )


@metrics_router.head("/metrics", include_in_schema=False)
@metrics_router.get("/metrics", response_class=Response, responses=METRICS)
async def metrics(runtime: RuntimeDep, accept: Annotated[str, Header()] = "") -> Response:
    """Return all metrics in a format of Prometheus."""
    write, media_type = choose_encoder(accept)
    written = write(await runtime.shared.metrics())
    return Response(written, headers={"Content-Type": media_type})
