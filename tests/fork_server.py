"""Commands of ours as processes, forked from one that has imported their libraries.

A process that is started imports torch, FastAPI and OpenVINO for three to four seconds of
processor time; a forked one has them. Everything else is as after a start: words, environment,
standard streams, signals, and an exit through the interpreter's own end.
What a test wants to know of the start itself needs `subprocess`: imports, the seed of hashes.

Run as a module, it is the server: it imports, then forks once for each order that it receives.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
IMPORTED: Final = (
    *("service.app", "service.server", "service.commands.dataset", "service.commands.verify"),
    *("service.engine.torch_engine", "service.engine.backends.openvino", "training.command_line"),
    "torch._dynamo",  # which the first optimizer of a process imports: two seconds
)
PATIENCE_S: Final = 300  # ends a hang, on a busy machine, too
SIZE_BYTES: Final = 8  # of the length of an order


@dataclass(frozen=True)
class Order:
    """A process that is wanted: `python -m module words`, with this environment."""

    module: str
    words: Sequence[str]
    environment: Mapping[str, str]


class ForkedProcess:
    """A process like that of `subprocess.Popen`, as far as tests need it.

    Attributes:
        pid: its number.
        returncode: its exit code, or the negative number of the signal that ended it; None before.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._messages = connection.makefile("r", encoding="utf-8")
        connection.close()
        self.pid = int(self._messages.readline())
        self.returncode: int | None = None
        self._ended = threading.Event()
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        with self._messages:
            self.returncode = int(self._messages.readline() or -signal.SIGKILL)
        self._ended.set()

    def poll(self) -> int | None:
        """The exit code if it has ended."""
        return self.returncode if self._ended.is_set() else None

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it has ended; raises `subprocess.TimeoutExpired`."""
        if not self._ended.wait(timeout) or self.returncode is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


class ForkServer:
    """The process that imports and forks; it ends with the process that made it."""

    def __init__(self) -> None:
        self._orders, theirs = socket.socketpair()
        self._one_at_a_time = threading.Lock()
        environment = {name: value for name, value in os.environ.items() if "PROGAN" not in name}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.fork_server", str(theirs.fileno())],
                cwd=ROOT,
                env={**environment, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"},
                pass_fds=[theirs.fileno()],
            )

    def start(
        self, module: str, *words: str, environment: Mapping[str, str], output: int
    ) -> ForkedProcess:
        """Fork `python -m module words`; stdout and stderr go to the descriptor `output`."""
        order = json.dumps(asdict(Order(module, words, environment))).encode()
        ours, theirs = socket.socketpair()
        with theirs, self._one_at_a_time:
            size = len(order).to_bytes(SIZE_BYTES, "big")
            socket.send_fds(self._orders, [size], [theirs.fileno(), output])
            self._orders.sendall(order)
        return ForkedProcess(ours)

    def close(self) -> None:
        """End the server; processes that it forked go on."""
        self._orders.close()
        self._process.wait(PATIENCE_S)


@cache
def fork_server() -> ForkServer:
    """The server of this process of tests, which starts with the first test that needs it."""
    server = ForkServer()
    atexit.register(server.close)
    return server


# ----------------------------------------------------------------------------------------
# In the server


def serve(orders: socket.socket) -> Order | None:
    """Fork for each order; returns an order in the process that is to obey it, None at the end."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the keepers
    while True:
        size, descriptors, _, _ = socket.recv_fds(orders, SIZE_BYTES, 2)
        if not size:
            return None
        text = orders.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL)
        if os.fork() == 0:
            orders.close()
            return _keep(Order(**json.loads(text)), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _keep(order: Order, report: int, output: int) -> Order:
    """Fork the process of an order, wait for it, and report how it ended; returns in it alone."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        os.close(report)
        _take_place(order, output)
        return order
    os.close(output)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.write(report, f"{child}\n".encode())
    _, status = os.waitpid(child, 0)
    with suppress(OSError):  # whoever asked for it may have gone
        os.write(report, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _take_place(order: Order, output: int) -> None:
    """Give this process the streams, the environment and the words of an order."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    for descriptor in (nothing, output):
        os.close(descriptor)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - for its whole life
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - the same
    sys.stderr = open(2, "w", 1, encoding="utf-8", closefd=False)  # noqa: SIM115 - the same
    os.environ.clear()
    os.environ.update(order.environment)
    sys.argv = [order.module, *order.words]


def main() -> None:
    """Import what commands need, then fork; a forked process runs its command and ends."""
    for name in IMPORTED:
        importlib.import_module(name)
    with socket.socket(fileno=int(sys.argv[1])) as orders:
        order = serve(orders)
    if order:
        runpy.run_module(order.module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
