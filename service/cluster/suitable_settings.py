"""The settings that a cluster cannot keep, and what to do instead.

Owns these sentences. Knows no Ray.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.env_file import SettingsError
from service.settings import Settings, variable_of


def require_suitable(settings: Settings) -> None:
    """Check that replicas can keep these settings.

    Raises:
        SettingsError: they cannot; each fault names the variable and the remedy.
    """
    if faults := [*_faults_of(settings)]:
        raise SettingsError(faults)


def _faults_of(settings: Settings) -> Iterator[str]:
    if settings.operations_port is not None:
        yield (
            f"{variable_of('operations_port')}: replicas on one machine would share this port: "
            "leave it unset, and keep /metrics and /docs from the public at the balancer"
        )
    if settings.devices or settings.frontends:
        name = variable_of("devices" if settings.devices else "frontends")
        yield (
            f"{name}: a replica has one device and one process: leave it unset, and write the "
            f"number of replicas into {variable_of('min_replicas')}"
        )
    if settings.device is not None and settings.device.startswith("cuda:"):
        yield (
            f"{variable_of('device')}: Ray gives each replica a device: write cuda, without a "
            f"number (it is {settings.device!r})"
        )
