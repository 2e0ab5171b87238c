"""Service process for measurements: started, awaited, measured, stopped.

Owns the process. Knows nothing of the requests to it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.process_tree import stop_tree
from bench.service_process import free_port

ROOT = Path(__file__).parents[1]
READY_S = 300.0
STOP_S = 60.0
MIB = 2**20


@dataclass(frozen=True)
class Served:
    """Running service that is ready.

    Attributes:
        address: as `http://127.0.0.1:8000`.
        process: its process, to measure and to control.
        log: file with all its output.
    """

    address: str
    process: subprocess.Popen[bytes]
    log: Path

    def resident_mib(self) -> float:
        """Return the resident memory of the process, in MiB.

        Raises:
            SystemExit: the process has ended; with the end of its log.
        """
        if self.process.poll() is not None:
            raise SystemExit(f"the service ended by itself:\n{self.log.read_text()[-2000:]}")
        pages = (Path("/proc") / str(self.process.pid) / "statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE") / MIB


@contextmanager
def service(module: str = "service", **settings: object) -> Generator[Served]:
    """Run the service on a free port until the block ends; `settings` replace its defaults.

    Environment variables apply, too. `module` is `service`, or `service.cluster` for replicas.

    Raises:
        SystemExit: it does not become ready.
    """
    if not Path("/proc/self/statm").exists():
        raise SystemExit("memory is read from /proc, as Linux has it: run this there")
    port = free_port()
    ours = {f"PROGAN_{name.upper()}": str(value) for name, value in settings.items()}
    environment = os.environ | {"PROGAN_PORT": str(port)} | ours
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "service.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", module],
                cwd=ROOT,
                env=environment,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        served = Served(f"http://127.0.0.1:{port}", process, log)
        try:
            _wait_until_ready(served)
            yield served
        finally:
            stop_tree(process, STOP_S)


def _wait_until_ready(served: Served) -> None:
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        served.resident_mib()  # raises SystemExit if the process has ended
        try:
            with urllib.request.urlopen(f"{served.address}/health/ready", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit(f"not ready within {READY_S:.0f} s:\n{served.log.read_text()[-2000:]}")
