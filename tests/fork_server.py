"""Commands of ours as processes, forked from one that has imported their libraries.

A process that is started imports torch, FastAPI and OpenVINO for three to four seconds of
processor time; a forked one has them. Everything else is as after a start: words, environment,
standard streams, signals, and what is registered for the exit. Only the modules are not taken
apart at the end, which costs a second.
What a test wants to know of start and end themselves needs `subprocess`: imports, the seed of
hashes, the interpreter's own end.

Run as a module, it is the server: at the first order it imports, then it forks once for each order.
Processes of pytest-xdist share one, whose socket is named by the variable `ADDRESS`.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import resource
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from multiprocessing import process
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
ADDRESS: Final = "FORK_SERVER_OF_TESTS"
MOST_WAITING: Final = 128  # orders, while the server imports


@dataclass(frozen=True)
class Order:
    """A process that is wanted: `python -m module words`, with this environment.

    Attributes:
        descriptors: how many it may open; None: as many as the server.
    """

    module: str
    words: Sequence[str]
    environment: Mapping[str, str]
    descriptors: int | None = None


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
    """The process that imports and forks; it ends with the process that made it.

    Attributes:
        address: of its socket.
    """

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp()
        self.address = f"{self._folder}/socket"
        self._life, theirs = socket.socketpair()
        environment = {name: value for name, value in os.environ.items() if "PROGAN" not in name}
        with theirs, socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.address)
            listener.listen(MOST_WAITING)
            numbers = [listener.fileno(), theirs.fileno()]
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.fork_server", *map(str, numbers)],
                cwd=ROOT,
                env={**environment, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"},
                pass_fds=numbers,
            )

    def close(self) -> None:
        """End the server; processes that it forked go on."""
        self._life.close()
        self._process.wait(PATIENCE_S)
        shutil.rmtree(self._folder)


def fork(
    module: str,
    *words: str,
    environment: Mapping[str, str],
    output: int,
    descriptors: int | None = None,
) -> ForkedProcess:
    """Fork `python -m module words`; stdout and stderr go to the descriptor `output`.

    With `descriptors` it may open that many.
    """
    order = json.dumps(asdict(Order(module, words, environment, descriptors))).encode()
    ours, theirs = socket.socketpair()
    with theirs, socket.socket(socket.AF_UNIX) as server:
        server.connect(_address())
        size = len(order).to_bytes(SIZE_BYTES, "big")
        socket.send_fds(server, [size], [theirs.fileno(), output])
        server.sendall(order)
    return ForkedProcess(ours)


@cache
def _address() -> str:
    """Where the server listens; without one to share, one is made for this process of tests."""
    if shared := os.environ.get(ADDRESS):
        return shared
    server = ForkServer()
    atexit.register(server.close)
    return server.address


# ----------------------------------------------------------------------------------------
# In the server


def serve(listener: socket.socket, life: socket.socket) -> Order | None:
    """Fork for each order; returns an order in the process that is to obey it, None at the end."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the keepers
    while True:
        if life in select.select([listener, life], [], [])[0]:
            return None
        _import_once()
        connection, _ = listener.accept()
        with connection:
            size, descriptors, _, _ = socket.recv_fds(connection, SIZE_BYTES, 2)
            text = connection.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL)
        if os.fork() == 0:
            listener.close()
            life.close()
            return _keep(Order(**json.loads(text)), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


@cache
def _import_once() -> None:
    """Import what commands need; what is there then is no garbage, and is never looked through."""
    for name in IMPORTED:
        importlib.import_module(name)
    gc.freeze()


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
    forget_children()
    if order.descriptors:
        resource.setrlimit(resource.RLIMIT_NOFILE, (order.descriptors, order.descriptors))
    os.environ.clear()
    os.environ.update(order.environment)
    sys.argv = [order.module, *order.words]


def forget_children() -> None:
    """Forget processes that the server has begun with multiprocessing, as its own forks do.

    At its end a process waits for its children, and those of another process cannot be waited for.
    """
    process._children.clear()  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue, reportUnknownMemberType] - there is no other way


class QuickEnd:
    """The end of a process whose exit code is known, after all that is registered for the exit.

    Attributes:
        code: exit code; None for the interpreter's own end.
    """

    def __init__(self) -> None:
        self.code: int | None = None
        atexit.register(self._end)  # called last, since it is registered first

    def _end(self) -> None:
        if self.code is not None:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(self.code & 0xFF)


def main() -> None:
    """Fork for orders; a forked process runs its command and ends."""
    end = QuickEnd()
    listener, life = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    with listener, life:
        order = serve(listener, life)
    if order:
        try:
            runpy.run_module(order.module, run_name="__main__", alter_sys=True)
        except SystemExit as ended:
            if ended.code is None or isinstance(ended.code, int):
                end.code = ended.code or 0
            raise
        end.code = 0


if __name__ == "__main__":
    main()
