"""The settings of a cluster: number and size of the replicas, and when more are started.

Owns the group of `service.settings.Settings` that only `python -m service.cluster` reads. Knows no
Ray.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from service.setting_types import Seconds


class ClusterSettings(BaseModel):
    """Settings of replicas; without effect on a service of one machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_replicas: int = Field(
        default=1, ge=1, le=10_000, description="cluster: replicas that always run"
    )
    max_replicas: int | None = Field(
        default=None,
        ge=1,
        le=10_000,
        description="cluster: most replicas; else as many as find a device or cores at the start",
    )
    replica_cpus: int = Field(
        default=1,
        ge=1,
        le=1024,
        description="cluster: CPU cores of a replica, and its threads where none are set",
    )
    target_queued_s: Seconds = Field(
        default=1.0,
        gt=0,
        description="cluster: predicted seconds of work queued at a replica above which more start",
    )
    upscale_delay_s: Seconds = Field(
        default=10.0, ge=0, description="cluster: seconds of too much work before replicas start"
    )
    downscale_delay_s: Seconds = Field(
        default=300.0, ge=0, description="cluster: seconds of too little work before replicas end"
    )

    @field_validator("max_replicas")
    @classmethod
    def _is_not_below_the_minimum(cls, value: int | None, info: ValidationInfo) -> int | None:
        least = info.data.get("min_replicas", 1)
        if value is not None and value < least:
            raise ValueError(f"write {least} or more: PROGAN_MIN_REPLICAS is {least}")
        return value
