"""Every environment variable of the service: its type, unit, default and meaning.

Owns `Settings` and the list that `python -m service --help` prints. Reads `PROGAN_*` variables and
a `.env` file in the working folder; knows nothing of what the values do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

from limits import parse_many
from pydantic import AliasChoices, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from service.access.keys import digest_of

PREFIX = "PROGAN_"
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s,*]+")  # no path: a browser sends none


class Settings(BaseSettings):
    """What can be set from outside. Times are in seconds, sizes in bytes unless they say more."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True, populate_by_name=True
    )

    # ------------------------------------------------------------------ where
    host: str = Field(default="127.0.0.1", description="address to listen on; 0.0.0.0 for all")
    port: int = Field(
        default=8000,
        ge=0,
        le=65535,
        validation_alias=AliasChoices("PROGAN_PORT", "PORT"),
        description="port to listen on; 0 takes a free one; PORT is read, too",
    )

    operations_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="port for metrics and docs, which then leave the first; health is on both",
    )
    operations_host: str | None = Field(
        default=None, description="address of the operations port; else that of the first"
    )

    # ------------------------------------------------------------------ what
    bundles: Path = Field(
        default=Path("models/pretrained"), description="folder whose sub-folders are bundles"
    )
    bundles_poll_s: float = Field(
        default=5.0,
        ge=0,
        allow_inf_nan=False,
        description="seconds between two looks at that folder; 0 to look on SIGHUP alone",
    )
    retired_model_s: float = Field(
        default=60.0,
        ge=1,
        allow_inf_nan=False,
        description="seconds that a replaced or removed model still answers to name@digest",
    )
    default_model: str | None = Field(
        default=None,
        description="model of requests that name none; else the largest personas-*, else the first",
    )

    # ------------------------------------------------------------------ how it computes
    device: str | None = Field(
        default=None, description="cpu, or cuda:0; else the first CUDA device, else cpu"
    )
    threads: int | None = Field(
        default=None, ge=1, description="threads of the CPU's kernels; else one per available core"
    )
    precision: Literal["auto", "fp32", "bf16"] = Field(
        default="auto",
        description="fp32, bf16 (pictures of a batch run one by one) or auto: bf16 where a CPU has "
        "AMX, else fp32",
    )
    max_batch: int = Field(default=8, ge=1, le=256, description="images in a batch")
    batch_work_s: float = Field(
        default=1.0, gt=0, description="predicted seconds of a batch; one image always goes"
    )
    encoders: int | None = Field(
        default=None, ge=1, description="threads that encode files; else one per available core"
    )

    # ------------------------------------------------------------------ what it admits
    queue_capacity: int = Field(
        default=256, ge=64, description="images that may wait; more are refused"
    )
    queue_work_s: float = Field(
        default=20.0,
        gt=0,
        description="predicted seconds of work that may wait; one request always may",
    )
    deadline_s: float = Field(
        default=30.0, gt=0, description="seconds for the images of one request"
    )
    interpolation_deadline_s: float = Field(
        default=300.0, gt=0, description="seconds for the frames of one walk"
    )
    interpolation_window: int = Field(
        default=16, ge=1, description="frames of one walk that may wait in the queue at a time"
    )
    interpolation_frames: int = Field(default=1200, ge=2, description="frames of one walk")
    interpolation_pixels: int = Field(
        default=2**26,
        ge=2**20,
        description="pixels of all walks under way together, frames times area",
    )
    max_body_bytes: int = Field(
        default=65_536, ge=0, description="largest request body that is read"
    )

    # ------------------------------------------------------------------ whom it serves
    api_keys: Annotated[tuple[bytes, ...], NoDecode] = Field(
        default=(),
        description="keys that open it, separated by commas; only their SHA-256 is kept",
    )
    rate_limit: str | None = Field(
        default=None,
        description="requests of one key, else one address, as 120/minute; else without limit",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="sites whose scripts may read answers, separated by commas; * for all",
    )

    # ------------------------------------------------------------------ when it gives up
    stall_s: float = Field(
        default=15.0,
        gt=0,
        description="seconds the engine may be overdue before the service is not ready",
    )
    hang_s: float = Field(
        default=60.0,
        gt=0,
        description="seconds overdue after which it is not alive; after twice as many it ends",
    )
    client_write_timeout_s: int = Field(
        default=60,
        ge=1,
        description="seconds a client may take nothing of its answer before it is cut off",
    )

    # ------------------------------------------------------------------ how it ends
    drain_grace_s: float = Field(
        default=0.0,
        ge=0,
        description="seconds from 'not ready' to closing the port, for a balancer to see",
    )
    drain_limit_s: float = Field(
        default=30.0, ge=1, description="seconds that admitted requests have to finish"
    )

    # ------------------------------------------------------------------ what it tells
    log_format: Literal["json", "console"] = Field(
        default="json", description="form of the log on stdout: json or console"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least severe lines logged: debug, info, warning or error"
    )

    @field_validator(
        "operations_port",
        "operations_host",
        "default_model",
        "device",
        "threads",
        "encoders",
        "rate_limit",
        mode="before",
    )
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("operations_port")
    @classmethod
    def _is_another_port(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value and value == info.data.get("port"):
            raise ValueError("take another port than the pictures have")
        return value

    @field_validator("api_keys", mode="before")
    @classmethod
    def _forget_the_keys(cls, value: object) -> object:
        if not isinstance(value, str) or value == "":
            return value or ()
        digests = tuple(digest_of(key) for key in split_at_commas(value))
        if not digests:  # rather than to stand open
            raise ValueError("there is no key between the commas: leave it empty for none")
        return digests

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _separate(cls, value: object) -> object:
        return split_at_commas(value) if isinstance(value, str) else value

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

    @field_validator("cors_origins")
    @classmethod
    def _is_an_origin(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if origin != "*" and not ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin!r} is no origin: write https://example.org, or *")
        return value


def split_at_commas(text: str) -> tuple[str, ...]:
    """What stands between the commas."""
    return tuple(word for part in text.split(",") if (word := part.strip()))


def variable_of(name: str) -> str:
    """The environment variable of a setting, or of one that is already named so."""
    return name if name.isupper() else PREFIX + name.upper()


def unknown_variables(environment: Iterable[str]) -> list[str]:
    """Variables that look like ours and are none: most likely misspelt."""
    known = {variable_of(name) for name in Settings.model_fields}
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in known)


def describe_settings() -> Iterator[str]:
    """One line of help for each setting."""
    for name, field in Settings.model_fields.items():
        default = "unset" if field.default in (None, ()) else field.default
        yield f"{variable_of(name):<24} {field.description} [{default}]"
