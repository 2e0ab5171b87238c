"""Table of the measured servers: how each is started, and its request for the picture of a seed.

Owns the table of servers: ours, and the alternatives to it. All of them get as many kernel threads
as there are cores: ours in one process, the others one in each of as many processes, which on a CPU
was faster for every one of them than all threads in one process.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.load import Request
from bench.rivals.inside import Orders
from bench.service_process import service_environment

OURS = "Progan"
HOST = "127.0.0.1"
JSON = {"Content-Type": "application/json"}
PATIENCE_S = 60  # timeout of every server that has one: under load no request is to be refused

Command = Callable[[Path, Orders], list[str]]
Ask = Callable[[int, int], Request]


@dataclass(frozen=True)
class Server:
    """One row of the table.

    Attributes:
        name: usual name of the server.
        package: package whose version is reported; ours has none.
        command: takes a Python with all packages, and what to serve; returns the command to run.
        ask: takes seed and resolution; returns a request.
        variables: environment variables.
        is_ours: true for a set-up of this service.
        settle_s: seconds from its first answer until all of its processes answer.
    """

    name: str
    package: str
    command: Command
    ask: Ask
    variables: dict[str, str] = field(default_factory=dict[str, str])
    is_ours: bool = False
    settle_s: float = 0.0


def _by_path(seed: int, _resolution: int) -> Request:
    return Request(f"/images/{seed}")


def _of_ours(seed: int, resolution: int) -> Request:
    return Request(f"/images/{seed}?resolution={resolution}")


def _in_body(path: str) -> Ask:
    def ask(seed: int, _resolution: int) -> Request:
        return Request(path, "POST", JSON, body=b'{"seed": %d}' % seed)

    return ask


def _module(name: str) -> Command:
    return lambda python, _told: [str(python), "-m", f"bench.rivals.{name}"]


def _mosec(python: Path, told: Orders) -> list[str]:
    listening = ["--address", HOST, "--port", str(told.port), "--timeout", str(PATIENCE_S * 1000)]
    return [str(python), "-m", "bench.rivals.mosec_server", *listening, "--log-level", "warning"]


def _bentoml(python: Path, told: Orders) -> list[str]:
    service = "bench.rivals.bentoml_server:Pictures"
    listening = ["--host", HOST, "--port", str(told.port)]
    return [str(python), "-m", "bentoml", "serve", service, *listening, "--working-dir", "."]


RIVALS = (
    Server("FastAPI", "fastapi", _module("fastapi_server"), _by_path),
    Server("LitServe", "litserve", _module("litserve_server"), _in_body("/predict")),
    Server("mosec", "mosec", _mosec, _in_body("/inference")),
    Server(
        "Ray Serve",
        "ray",
        _module("ray_server"),
        _by_path,
        {
            "RAY_SERVE_ENABLE_HA_PROXY": "1",
            "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_AUTH_MODE": "disabled",
        },
    ),
    Server(
        "BentoML",
        "bentoml",
        _bentoml,
        _in_body("/image"),
        {"BENTOML_DO_NOT_TRACK": "true"},
    ),
)

_AS_THE_OTHERS = {
    "PROGAN_LOG_LEVEL": "warning",
    "PROGAN_DEVICE": "cpu",
    "PROGAN_PRECISION": "fp32",
    "PROGAN_CREDENTIALS": "off",
    "PROGAN_DEADLINE_S": str(PATIENCE_S),
    "PROGAN_QUEUE_WORK_S": str(PATIENCE_S),
    "PROGAN_QUEUE_CAPACITY": "100000",
}


def _set_up(name: str, module: str, settle_s: float = 0.0, **settings: str) -> Server:
    variables = {f"PROGAN_{setting.upper()}": value for setting, value in settings.items()}
    return Server(
        name,
        "",
        lambda _python, _told: [sys.executable, "-m", module],
        _of_ours,
        {**_AS_THE_OTHERS, **variables},
        is_ours=True,
        settle_s=settle_s,
    )


PROGAN = _set_up(OURS, "service")
SIGNED = _set_up(f"{OURS}, signed", "service", credentials="on")  # as it is without settings
FRONT_ENDS = _set_up(f"{OURS}, 2 front ends", "service", frontends="2")
REPLICAS = _set_up(
    f"{OURS}, 2 replicas",
    "service.cluster",
    settle_s=30.0,
    min_replicas="2",
    max_replicas="2",
    replica_cpus="1",
)


def environment_of(server: Server, told: Orders) -> dict[str, str]:
    """Return the environment of `server`: that of this process without our own settings."""
    ours = {"port": told.port, "bundles": told.bundles} if server.is_ours else {}
    return {
        **service_environment(ours),
        **({} if server.is_ours else told.environment()),
        **server.variables,
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
