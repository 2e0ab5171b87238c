"""The settings of the addresses and ports that the service listens on.

Owns the first group of `service.settings.Settings`. Knows no sockets.
"""

from __future__ import annotations

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from service.number_texts import PlainNumbers
from service.setting_types import HostName


class NetworkSettings(PlainNumbers):
    """Addresses and ports."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: HostName = Field(default="127.0.0.1", description="address to listen on; 0.0.0.0 for all")
    port: int = Field(
        default=8000,
        ge=0,
        le=65535,
        description="port to listen on; 0 takes a free one; PORT is read, too",
    )

    root_path: str = Field(
        default="",
        pattern=r"^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?$",
        description="path below which a proxy shows the service, as /faces, where the proxy "
        "sends no X-Forwarded-Prefix",
    )

    operations_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="port for metrics and docs, which then leave the first; health is on both",
    )
    operations_host: HostName | None = Field(
        default=None, description="address of the operations port; else as the first"
    )

    @field_validator("operations_port")
    @classmethod
    def _is_another_port(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value and value == info.data.get("port"):
            raise ValueError("take another port than the pictures have")
        return value
