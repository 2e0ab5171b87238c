"""A real process of the service that can be made to meet faults, and one who starts it again."""

from __future__ import annotations

import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2

from bench.process_tree import kill_tree
from bench.service_process import free_port, service_environment
from tests.faults.server import ORDERS, Order
from tests.fork_server import fork
from tests.journeys.server import metric_of

ROOT = Path(__file__).parents[2]
PATIENCE_S = 300  # ends a hang, on a busy machine, too


class Service:
    """`python -m tests.faults.server`, forked, on a port that stays the same over restarts.

    Args:
        bundles: what it serves.
        folder: of this service alone, for its log and its orders.
        log: the file of its stdout; one in `folder` if left out.
    """

    def __init__(
        self, bundles: Path, folder: Path, *, log: Path | None = None, **settings: str
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log = log or folder / "log"
        self.port = free_port()
        self._orders = folder / "orders.json"
        variables = {"bundles": str(bundles), "threads": "1", **settings, "port": str(self.port)}
        variables |= {"credentials_folder": str(folder / "credentials")}
        self._environment = service_environment(variables) | {ORDERS: str(self._orders)}
        self.client = httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=PATIENCE_S)
        self.start()

    def start(self) -> None:
        """A new process."""
        with self.log.open("ab") as log:
            self.process = fork(
                "tests.faults.server", environment=self._environment, output=log.fileno()
            )

    def order(self, **order: Any) -> None:
        """Make the engine meet a fault from its next batch on."""
        Order(**order).write(self._orders)

    def obeyed(self) -> bool:
        """True if an order for one batch has met it."""
        return not self._orders.exists()

    def relent(self) -> None:
        """No more faults."""
        self._orders.unlink(missing_ok=True)

    # ------------------------------------------------------------------ what it says

    def status(self, path: str) -> int | None:
        """The status of an answer; None if there is none."""
        try:
            return self.client.get(path).status_code
        except httpx2.HTTPError:
            return None

    def wait_until_ready(self) -> Self:
        """Come back when it serves."""
        until(lambda: self.status("/health/ready") == 200)
        return self

    def metric(self, line: str) -> float:
        """The value of the metric that `line` names with its labels."""
        return metric_of(self.client, line)

    def memory_mb(self) -> float:
        """Resident memory of the process, in megabytes."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", text)
        assert found
        return int(found[1]) / 1024

    # ------------------------------------------------------------------ its end

    def ended(self) -> int:
        """The exit code, when it has ended."""
        return self.process.wait(PATIENCE_S)

    def __enter__(self) -> Self:
        """It runs already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it, whatever it does."""
        self.client.close()
        kill_tree(self.process, PATIENCE_S)


class Supervisor:
    """Starts a service again when it has ended, or says that it is not alive."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.exit_codes: list[int] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor")

    def _watch(self) -> None:
        url = f"http://127.0.0.1:{self.service.port}/health/live"
        while not self._stopping.wait(0.05):
            process = self.service.process
            if process.poll() is not None:
                self.exit_codes.append(process.wait())
                self.service.start()
            elif self._says_it_is_dead(url):
                process.kill()
                process.wait(PATIENCE_S)

    def _says_it_is_dead(self, url: str) -> bool:
        try:
            return httpx2.get(url, timeout=PATIENCE_S).status_code == 503
        except httpx2.HTTPError:
            return False  # it starts or ends

    def __enter__(self) -> Self:
        """Watch from now on."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Watch no longer; the service stays."""
        self._stopping.set()
        self._thread.join()


@contextmanager
def asking(service: Service, line: str) -> Generator[socket.socket]:
    """A request on a bare socket, without waiting for its answer."""
    with socket.create_connection(("127.0.0.1", service.port), PATIENCE_S) as asker:
        asker.sendall(request_of(line))
        yield asker


def request_of(line: str) -> bytes:
    """The bytes of a request, as `GET /images/7`; the connection is closed after its answer."""
    head = f"{line} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    return head.encode()


def read_all(asker: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    parts: list[bytes] = []
    while part := asker.recv(65536):
        parts.append(part)
    return b"".join(parts)


def until(fact: Callable[[], bool]) -> float:
    """Give the service time until `fact()` holds; returns the seconds it took."""
    began = time.monotonic()
    while not fact():
        assert time.monotonic() < began + PATIENCE_S, "this never came true"
        time.sleep(0.02)
    return time.monotonic() - began


def kill(service: Service) -> None:
    """`kill -9`."""
    service.process.send_signal(signal.SIGKILL)
