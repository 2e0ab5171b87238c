"""A paced service as a child process: started, measured, ended.

Owns the process and the split of its processor time. Knows nothing of the requests to it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.load import Request
from bench.paced.engine import Pace, write_paced_bundle
from bench.paced.server import BATCH_S, EACH_S, PICTURES
from bench.rivals.processes import CHECKOUT, START_LIMIT_S, STOP_LIMIT_S, ask
from bench.service_process import free_port, service_environment
from models.picture import Pixels

ONE_PROCESS = "bench.paced.server"
SEVERAL_PROCESSES = "bench.paced.tree_server"
EVENT_LOOP, ENGINE, ENCODER = "MainThread", "engine", "encoder"


@dataclass(frozen=True)
class Used:
    """Processor seconds by part of the service.

    Attributes:
        http: the event loop: connections, routes, admission, headers, log.
        hand_over: the engine's thread: batches, their results, metrics.
        encoding: the encoder threads: files, metadata, signatures.
        other: all other threads.
    """

    http: float
    hand_over: float
    encoding: float
    other: float

    def since(self, before: Used, count: int) -> Used:
        """Milliseconds for each of `count` answers since `before`."""
        each = 1000 / max(count, 1)
        return Used(
            (self.http - before.http) * each,
            (self.hand_over - before.hand_over) * each,
            (self.encoding - before.encoding) * each,
            (self.other - before.other) * each,
        )

    @property
    def total(self) -> float:
        """All of it."""
        return self.http + self.hand_over + self.encoding + self.other


class PacedService:
    """A running paced service.

    Attributes:
        address: as `http://127.0.0.1:8000`.
        pid: of the process; of the supervisor, where there are several.
    """

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self._process = process
        self.pid = process.pid
        self.address = address

    def used(self) -> Used:
        """Processor time until now."""
        stdin, stderr = self._process.stdin, self._process.stderr
        assert stdin is not None
        assert stderr is not None
        stdin.write("\n")
        stdin.flush()
        for line in stderr:
            if line.startswith("{"):
                return split(json.loads(line))
        raise SystemExit("the paced service has ended")

    def wait_for(self, request: Request) -> None:
        """Return when `request` is answered.

        Raises:
            SystemExit: the process has ended, or takes too long.
        """
        end = time.monotonic() + START_LIMIT_S
        while time.monotonic() < end and self._process.poll() is None:
            try:
                ask(self.address, request)
            except OSError:  # not listening yet, or not ready
                time.sleep(0.05)
            else:
                return
        raise SystemExit("the paced service did not start")


def split(seconds: Mapping[str, float]) -> Used:
    """Sort the processor time of threads by what they do.

    Args:
        seconds: by name of the thread.
    """
    parts = {EVENT_LOOP: 0.0, ENGINE: 0.0, ENCODER: 0.0, "": 0.0}
    for name, used in seconds.items():
        part = next(part for part in parts if name.startswith(part))
        parts[part] += used
    return Used(parts[EVENT_LOOP], parts[ENGINE], parts[ENCODER], parts[""])


@contextmanager
def paced_service(
    folder: Path,
    pace: Pace,
    pictures: Mapping[int, Sequence[Pixels]],
    module: str = ONE_PROCESS,
    **settings: object,
) -> Generator[PacedService]:
    """Run the service with a paced engine until the block ends.

    Args:
        folder: new or empty; takes bundle and pictures.
        pace: duration of its batches.
        pictures: by resolution.
        module: `ONE_PROCESS`, whose parts can be told apart (`PacedService.used`), or
            `SEVERAL_PROCESSES`.
        settings: settings of the service.
    """
    write_paced_bundle(folder / "bundles")
    stored = folder / "pictures"
    stored.mkdir()
    for size, those in pictures.items():
        np.save(stored / f"{size}.npy", np.stack(those))
    port = free_port()
    ours = {"port": port, "bundles": folder / "bundles", "log_level": "info", **settings}
    ours = {"credentials_folder": folder / "credentials", "log_format": "json", **ours}
    environment = service_environment(ours)
    environment |= {BATCH_S: str(pace.batch_s), EACH_S: str(pace.each_s), PICTURES: str(stored)}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.PIPE,
            text=True,
        )
    service = PacedService(process, f"http://127.0.0.1:{port}")
    try:
        size = min(pictures)
        service.wait_for(Request(f"/images/1?resolution={size}"))
        yield service
    finally:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.communicate(timeout=STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
