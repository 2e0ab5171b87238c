"""Every setting of the service: its type, range, unit, default and meaning.

Owns `Settings`. Knows neither the source of the values (see `service.environment`) nor their use.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from service.cluster_settings import ClusterSettings
from service.network_settings import NetworkSettings
from service.setting_types import (
    LONGEST_WRITE_S,
    MOST_THREADS,
    PREFIX,
    AnyCase,
    Device,
    Devices,
    Folders,
    FunctionName,
    HttpAddress,
    KeyDigests,
    MarkKey,
    Origins,
    RateText,
    Seconds,
)


class Settings(ClusterSettings, NetworkSettings):
    """Settings of the service. Times are in seconds; sizes are in bytes unless stated otherwise."""

    # ------------------------------------------------------------------ models
    bundles: Folders = Field(
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
        description="model of requests that name none; else that of the highest resolution",
    )

    # ------------------------------------------------------------------ computation
    device: Device | None = Field(
        default=None, description="cpu, or cuda:0; else the first CUDA device, else cpu"
    )
    devices: Devices = Field(
        default=(),
        description="devices with an engine process each, as cuda:0,cuda:1; else that one device",
    )
    frontends: int = Field(
        default=0,
        ge=0,
        le=64,
        description="processes that answer requests, beside those of the engines; 0: one process "
        "does all",
    )
    threads: int | None = Field(
        default=None,
        ge=1,
        le=MOST_THREADS,
        description="threads of the CPU's kernels; else one per available core",
    )
    precision: Annotated[Literal["auto", "fp32", "bf16"], AnyCase] = Field(
        default="auto",
        description="fp32, bf16 (on a CPU, pictures of a batch run one by one) or auto: bf16 where "
        "a CPU has AMX, else fp32",
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

    unencoded_bytes: int = Field(
        default=2**29,
        ge=2**20,
        le=2**40,
        description="bytes of pictures that are admitted and not encoded yet; one request always "
        "goes",
    )

    # ------------------------------------------------------------------ watermark
    watermark: bool = Field(
        default=False,
        description="on: pictures of 128 px or more carry an invisible watermark; off",
    )
    watermark_key: MarkKey = Field(
        default=None,
        description="secret of 16 characters or more, with which alone the watermark is found; "
        "else a public one",
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
    max_datasets: int = Field(
        default=2,
        ge=0,
        le=64,
        description="data sets downloaded at a time, by one client one of them; 0: none",
    )
    max_body_bytes: int = Field(
        default=65_536, ge=0, le=2**40, description="largest request body that is read"
    )

    max_upload_bytes: int = Field(
        default=2**24, ge=1, le=2**26, description="largest file that is read, as by POST /verify"
    )
    max_upload_pixels: int = Field(
        default=2**24,
        ge=256,
        le=2**30,
        description="pixels of such a picture; four times as many in all frames of an animation",
    )

    # ------------------------------------------------------------------ access
    api_keys: KeyDigests = Field(
        default=(),
        description="keys that open it, separated by commas; only their SHA-256 is kept",
    )
    rate_limit: RateText | None = Field(
        default=None,
        description="requests of one key, else one address, as 120/minute; else without limit",
    )
    dataset_rate_limit: RateText | None = Field(
        default=None, description="the same for pictures in data sets, as 100000/day"
    )
    cors_origins: Origins = Field(
        default=(),
        description="sites whose scripts may read answers, separated by commas; * for all",
    )

    # ------------------------------------------------------------------ Content Credentials
    credentials: bool = Field(default=True, description="on: files carry Content Credentials; off")
    credentials_key: Path | None = Field(
        default=None, description="PEM file with the private key that signs them, PKCS #8"
    )
    credentials_chain: Path | None = Field(
        default=None,
        description="PEM file with the certificate of this key, then those of its issuers",
    )
    credentials_function: FunctionName | None = Field(
        default=None,
        description="function that signs bytes instead of a key, as module:function",
    )
    credentials_timestamp_url: HttpAddress | None = Field(
        default=None, description="time-stamp authority (RFC 3161), asked once for each file"
    )
    credentials_folder: Path = Field(
        default=Path("data/credentials"),
        description="folder of the development chain, which is made where no key is set",
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

    @property
    def engine_devices(self) -> tuple[str | None, ...]:
        """The device of each engine; None for the first CUDA device, else the CPU."""
        return self.devices or (self.device,)

    @property
    def has_processes(self) -> bool:
        """True if front ends and engines are processes of their own."""
        return self.frontends > 0 or len(self.devices) > 1


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()
