"""Every setting of the service: its type, range, unit, default and meaning.

Owns `Settings`. Knows neither the source of the values (see `service.environment`) nor their use.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from limits import parse_many
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from service.access.keys import digests_of

PREFIX = "PROGAN_"
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s,*]+")  # without a path: browsers send none
DEVICE = re.compile(r"cpu|cuda(:[0-9]{1,2})?")
LONGEST_S = 10_000_000  # 115 days; below the limit of system timers
LONGEST_WRITE_S = 1_000_000  # the system has milliseconds in 31 bits
MOST_THREADS = 1024


AnyCase = BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)
Seconds = Annotated[float, Field(le=LONGEST_S, allow_inf_nan=False)]


class Settings(BaseModel):
    """Settings of the service. Times are in seconds; sizes are in bytes unless stated otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # ------------------------------------------------------------------ network
    host: str = Field(default="127.0.0.1", description="address to listen on; 0.0.0.0 for all")
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
    operations_host: str | None = Field(
        default=None, description="address of the operations port; else as the first"
    )

    # ------------------------------------------------------------------ models
    bundles: tuple[Path, ...] = Field(
        default=(Path("models/pretrained"),),
        description="folder whose sub-folders are bundles, or several, separated as in PATH",
    )
    bundles_poll_s: Seconds = Field(
        default=5.0, ge=0, description="seconds between two looks at them; 0: SIGHUP alone"
    )
    retired_model_s: Seconds = Field(
        default=60.0,
        ge=1,
        description="seconds that a replaced or removed model still answers to name@digest",
    )
    default_model: str | None = Field(
        default=None,
        description="model of requests that name none; else the largest personas-*, else the first",
    )

    # ------------------------------------------------------------------ computation
    device: Annotated[str, AnyCase] | None = Field(
        default=None, description="cpu, or cuda:0; else the first CUDA device, else cpu"
    )
    threads: int | None = Field(
        default=None,
        ge=1,
        le=MOST_THREADS,
        description="threads of the CPU's kernels; else one per available core",
    )
    precision: Annotated[Literal["auto", "fp32", "bf16"], AnyCase] = Field(
        default="auto",
        description="fp32, bf16 (pictures of a batch run one by one) or auto: bf16 where a CPU has "
        "AMX, else fp32",
    )
    max_batch: int = Field(default=8, ge=1, le=256, description="images in a batch")
    batch_work_s: Seconds = Field(
        default=1.0, gt=0, description="predicted seconds of a batch; one image always goes"
    )
    encoders: int | None = Field(
        default=None,
        ge=1,
        le=MOST_THREADS,
        description="threads that encode files; else one per available core",
    )

    # ------------------------------------------------------------------ admission
    queue_capacity: int = Field(
        default=256, ge=64, le=2**31, description="images that may wait; more are refused"
    )
    queue_work_s: Seconds = Field(
        default=20.0,
        gt=0,
        description="predicted seconds of work that may wait, beside one request",
    )
    deadline_s: Seconds = Field(
        default=30.0, gt=0, description="seconds for the images of one request"
    )
    interpolation_deadline_s: Seconds = Field(
        default=300.0, gt=0, description="seconds for the frames of one interpolation"
    )
    interpolation_window: int = Field(
        default=16, ge=1, le=2**31, description="frames of one interpolation queued at a time"
    )
    interpolation_frames: int = Field(
        default=1200, ge=2, le=2**31, description="frames of one interpolation"
    )
    interpolation_pixels: int = Field(
        default=2**26,
        ge=2**20,
        le=2**48,
        description="pixels of all interpolations under way together, frames times area",
    )
    max_body_bytes: int = Field(
        default=65_536, ge=0, le=2**40, description="largest request body that is read"
    )

    # ------------------------------------------------------------------ access
    api_keys: tuple[bytes, ...] = Field(
        default=(),
        description="keys that open it, separated by commas; only their SHA-256 is kept",
    )
    rate_limit: str | None = Field(
        default=None,
        description="requests of one key, else one address, as 120/minute; else without limit",
    )
    cors_origins: tuple[str, ...] = Field(
        default=(),
        description="sites whose scripts may read answers, separated by commas; * for all",
    )

    # ------------------------------------------------------------------ timeouts
    stall_s: Seconds = Field(
        default=15.0,
        gt=0,
        description="seconds the engine may be overdue before the service is not ready",
    )
    hang_s: Seconds = Field(
        default=60.0,
        gt=0,
        description="seconds overdue after which it is not alive; after twice as many it ends",
    )
    client_write_timeout_s: int = Field(
        default=60,
        ge=1,
        le=LONGEST_WRITE_S,
        description="seconds a client may take nothing of its answer before it is cut off",
    )

    # ------------------------------------------------------------------ shutdown
    drain_grace_s: Seconds = Field(
        default=0.0,
        ge=0,
        description="seconds from 'not ready' to closing the port, for a balancer to see",
    )
    drain_limit_s: Seconds = Field(
        default=30.0, ge=1, description="seconds that admitted requests have to finish"
    )

    # ------------------------------------------------------------------ log
    log_format: Annotated[Literal["auto", "json", "console"], AnyCase] = Field(
        default="auto",
        description="form of the log on stdout: json, console, or auto: console in a terminal",
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], AnyCase] = Field(
        default="info", description="least severe lines logged: debug, info, warning or error"
    )

    @field_validator("host", "operations_host")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value and (re.search(r"[\s/\[\]]", value) or value.count(":") == 1):
            raise ValueError("write an address or a name alone, such as 127.0.0.1 or ::1")
        return value

    @field_validator("bundles", mode="before")
    @classmethod
    def _are_folders(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(dict.fromkeys(split_at(os.pathsep, value))) or (Path("models/pretrained"),)

    @field_validator("operations_port")
    @classmethod
    def _is_another_port(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value and value == info.data.get("port"):
            raise ValueError("take another port than the pictures have")
        return value

    @field_validator("device")
    @classmethod
    def _is_a_device(cls, value: str | None) -> str | None:
        if value and not DEVICE.fullmatch(value):
            raise ValueError("write cpu, cuda or cuda:0, or leave it empty to have one chosen")
        return value

    @field_validator("api_keys", mode="before")
    @classmethod
    def _digests_of_keys(cls, value: object) -> object:
        return digests_of(value) if isinstance(value, str) else value

    @field_validator("rate_limit")
    @classmethod
    def _is_a_rate(cls, value: str | None) -> str | None:
        try:
            rates = parse_many(value) if value else []
        except ValueError:
            rates = None
        if rates is None or any(rate.amount < 1 or rate.get_expiry() < 1 for rate in rates):
            raise ValueError("write a rate as 120/minute, or several as 10/second; 1000/hour")
        return value

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _are_origins(cls, value: object) -> object:
        origins = split_at(",", value) if isinstance(value, str) else ()
        for origin in origins:
            if origin != "*" and not ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin!r} is no origin: write https://example.org, or *")
        return origins or value


def split_at(separator: str, text: str) -> tuple[str, ...]:
    """Split at separators and strip white space; empty words are left out."""
    return tuple(word for part in text.split(separator) if (word := part.strip()))


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()
