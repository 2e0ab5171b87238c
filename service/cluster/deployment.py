"""The deployments of Ray Serve: replicas of the application, and the state that they share.

Owns every option that Ray is given. `application_of` is also what a manifest of a cluster imports,
as
`service.cluster.deployment:build`.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Final, cast

import ray
from ray import serve
from ray.serve.config import AutoscalingConfig, AutoscalingPolicy
from ray.serve.handle import DeploymentHandle
from ray.serve.schema import LoggingConfig
from starlette.types import ASGIApp

from service.cluster.replica import QUEUED_S, ReplicaService, prepare_replica_process
from service.cluster.shared_state import ClusterState
from service.cluster.suitable_settings import require_suitable
from service.environment import read_settings
from service.settings import Settings

APPLICATION: Final = "progan"
REPLICAS: Final = "replicas"
STATE: Final = "state"
POLICY: Final = "service.cluster.scaling:QueuedWorkPolicy"
HEALTH_PERIOD_S: Final = 5.0
HEALTH_TIMEOUT_S: Final = 30.0
STARTS: Final = 3  # of a new replica, before the deployment fails with its message
LOOK_BACK_S: Final = 12.0  # Ray wants more than the ten seconds between two reports
AFTER_DRAIN_S: Final = 10.0  # for the last answers, and the end of engine and shared state
MORE_REQUESTS: Final = 4096  # beside those that wait for pictures: the service itself refuses


class Replica:
    """A replica as Ray creates it on its node.

    Args:
        state: handle of the shared state.
    """

    async def __init__(self, state: DeploymentHandle[Any]) -> None:
        prepare_replica_process()

        def ask(method: str, *arguments: object) -> Awaitable[object]:
            return getattr(state, method).remote(*arguments)

        self._service = ReplicaService(ask)

    def __serve_build_asgi_app__(self) -> ASGIApp:
        """The application."""
        return self._service.application()

    async def check_health(self) -> None:
        """Raise an error if Ray must replace this replica."""
        await self._service.check_health()

    async def record_autoscaling_stats(self) -> dict[str, float]:
        """The metrics for the autoscaler."""
        return await self._service.record_autoscaling_stats()


def build(arguments: dict[str, str]) -> serve.Application:
    """The application with the settings of this process's environment; a manifest imports this.

    Args:
        arguments: of the manifest; none are known.

    Raises:
        ValueError: there are arguments.
        SettingsError: replicas cannot keep a setting.
    """
    if arguments:
        raise ValueError("this application takes no args: set PROGAN_* variables in the containers")
    settings = read_settings()[0]
    require_suitable(settings)
    return application_of(settings)


def application_of(settings: Settings) -> serve.Application:
    """The application for these settings; Ray must run, if a number depends on its resources."""
    has_device = uses_device(settings)
    replicas = _deployed(
        cast("object", serve.ingress()(Replica)),
        name=REPLICAS,
        autoscaling_config=scaling_of(settings, most_replicas(settings, has_device=has_device)),
        max_ongoing_requests=settings.queue_capacity + MORE_REQUESTS,
        ray_actor_options={"num_cpus": settings.replica_cpus, "num_gpus": int(has_device)},
        graceful_shutdown_timeout_s=settings.drain_limit_s + AFTER_DRAIN_S,
        health_check_period_s=HEALTH_PERIOD_S,
        health_check_timeout_s=HEALTH_TIMEOUT_S,
        max_constructor_retry_count=STARTS,
    )
    state = _deployed(
        ClusterState,
        name=STATE,
        num_replicas=1,
        max_ongoing_requests=MORE_REQUESTS,
        ray_actor_options={"num_cpus": 0},
        graceful_shutdown_timeout_s=1.0,
        graceful_shutdown_wait_loop_s=0.1,
    )
    return replicas.bind(state.bind())


def uses_device(settings: Settings) -> bool:
    """True if each replica needs a CUDA device: if the settings or the cluster's nodes say so."""
    if settings.device is not None:
        return settings.device != "cpu"
    return _resources().get("GPU", 0) >= 1


def most_replicas(settings: Settings, *, has_device: bool) -> int:
    """The largest number of replicas: as set, else as many as the cluster has room for now."""
    if settings.max_replicas is not None:
        return settings.max_replicas
    resources = _resources()
    room = int(resources.get("CPU", 0) // settings.replica_cpus)
    if has_device:
        room = min(room, int(resources.get("GPU", 0)))
    return max(settings.min_replicas, room)


def scaling_of(settings: Settings, most: int) -> AutoscalingConfig:
    """The rule by which Ray changes the number of replicas."""
    return AutoscalingConfig(
        min_replicas=settings.min_replicas,
        max_replicas=most,
        upscale_delay_s=settings.upscale_delay_s,
        downscale_delay_s=settings.downscale_delay_s,
        look_back_period_s=LOOK_BACK_S,
        policy=AutoscalingPolicy(
            policy_function=POLICY,
            policy_kwargs={"metric": QUEUED_S, "target_s": settings.target_queued_s},
        ),
    )


def _deployed(target: object, **options: object) -> Any:  # noqa: ANN401 - Ray declares a function
    """The deployment of a class."""
    quiet = LoggingConfig(enable_access_log=False)  # the service logs its requests itself
    return cast("Any", serve.deployment)(logging_config=quiet, **options)(target)


def _resources() -> dict[str, float]:
    return cast("dict[str, float]", ray.cluster_resources()) if ray.is_initialized() else {}
