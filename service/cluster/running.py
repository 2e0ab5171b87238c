"""A running application on Ray Serve: from its deployment to its end.

Owns the connection to Ray, the HTTP port, the messages about a changed state, and the signals:
SIGTERM and SIGINT drain and end, SIGHUP has all replicas read the bundles again.
"""

from __future__ import annotations

import logging
import signal
import threading
from types import FrameType
from typing import Any, Final, cast

import ray
from ray import serve
from ray.serve.config import HTTPOptions
from ray.serve.schema import ApplicationStatus

from service.cluster.deployment import APPLICATION, REPLICAS, STATE, application_of
from service.engine_setup import available_cores
from service.settings import Settings

CLUSTER_LOST: Final = 70  # exit code
STATUS_LOOK_S: Final = 1.0
STARTS_OF_RAY: Final = 3
LOCAL: Final = "local"  # address for Ray: start a cluster of this machine alone
OBJECT_STORE_BYTES: Final = 2**27  # answers pass it; the least that Ray takes is 75 MiB

log = logging.getLogger("progan")


class SignalFlags:
    """Signals that this process has received; installs the handlers.

    Attributes:
        ends: set after SIGTERM or SIGINT.
        hung_up: True after SIGHUP, until it is acted upon.
    """

    def __init__(self) -> None:
        self.ends = threading.Event()
        self.hung_up = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        signal.signal(signal.SIGHUP, self._hang_up)

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self.ends.set()

    def _hang_up(self, _number: int, _frame: FrameType | None) -> None:
        self.hung_up = True


def serve_until_signal(settings: Settings, address: str | None) -> int:
    """Serve until a signal is received; returns the exit code.

    Args:
        settings: of the service.
        address: of a cluster that runs already; None to start one on this machine, which ends with
            this process.
    """
    try:
        connect(settings, address)
    except (RuntimeError, ConnectionError) as error:
        log.critical("%s", error)
        return CLUSTER_LOST
    signals = SignalFlags()  # after Ray, which installs its own
    try:
        serve.start(http_options=HTTPOptions(host=settings.host, port=settings.port))
        wanted = serve.RunTarget(application_of(settings), APPLICATION, route_prefix="/")
        serve.run_many([wanted], wait_for_applications_running=False)
        return watch(signals, f"http://{settings.host}:{settings.port}")
    finally:
        take_away(is_own=address is None)


def connect(settings: Settings, address: str | None) -> None:
    """Start Ray on this machine, without dashboard, or connect to a cluster.

    Raises:
        RuntimeError: Ray does not start here.
    """
    if address is not None:
        _init(address=address)
        return
    most = max(settings.min_replicas, settings.max_replicas or 0)
    cores = max(available_cores(), most * settings.replica_cpus)  # what is asked for has room
    for attempt in range(1, STARTS_OF_RAY + 1):
        try:
            _init(
                address=LOCAL,
                num_cpus=cores,
                include_dashboard=False,
                object_store_memory=OBJECT_STORE_BYTES,
            )
        except Exception as error:  # noqa: BLE001 - Ray has no class for it, and waits only 30 s
            ray.shutdown()
            log.warning("Ray did not start (%d of %d): %s", attempt, STARTS_OF_RAY, error)
        else:
            return
    raise RuntimeError("Ray does not start on this machine: its logs are in /tmp/ray")


def _init(**options: object) -> None:
    cast("Any", ray.init)(namespace=APPLICATION, configure_logging=False, **options)


def take_away(*, is_own: bool) -> None:
    """Drain and remove the application, and all of Ray if this process has started it."""
    log.info("draining: the replicas finish what they have admitted")
    try:
        if APPLICATION in serve.status().applications:
            serve.delete(APPLICATION)  # waits for the drain, a minute at most
    except TimeoutError as error:
        log.warning("some replicas are still draining: %s", error)
    if is_own:
        serve.shutdown()
    ray.shutdown()


def watch(signals: SignalFlags, url: str) -> int:
    """Log each change of the application's state until a signal; returns the exit code."""
    before, told = ApplicationStatus.NOT_STARTED, ""
    while not signals.ends.wait(STATUS_LOOK_S):
        if signals.hung_up:
            signals.hung_up = False
            serve.get_deployment_handle(STATE, APPLICATION).look_for_models.remote()
        status, text = state_of_application()
        is_running = status == ApplicationStatus.RUNNING
        if text != told:
            log.log(logging.INFO if is_running else logging.WARNING, "%s", text)
        if is_running and before != status:
            log.info("ready: %s", url, extra={"bare": True})
        if status == ApplicationStatus.DEPLOY_FAILED:
            log.critical("the replicas cannot start: ending with code %d", CLUSTER_LOST)
            return CLUSTER_LOST
        before, told = status, text
    return 0


def state_of_application() -> tuple[ApplicationStatus, str]:
    """The state of the application, and a text with the messages of its deployments."""
    application = serve.status().applications.get(APPLICATION)
    if application is None:
        return ApplicationStatus.NOT_STARTED, "the application is not there"
    replicas = application.deployments.get(REPLICAS)
    count = dict(replicas.replica_states) if replicas else {}
    texts = [each.message for each in application.deployments.values() if each.message]
    now = f"application {application.status.value.lower()}, replicas {count}"
    return application.status, "; ".join([now, *map(shortened, texts)])


def shortened(message: str) -> str:
    """The first and the last line of a message of Ray, without the traceback between them."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return f"{lines[0]} {lines[-1]}" if len(lines) > 1 else "".join(lines)
