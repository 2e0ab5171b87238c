"""The service as its users start it: a process, a port, a client."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

from bench.process_tree import stop_tree
from bench.service_process import service_environment
from tests.fork_server import ForkedProcess, fork

ROOT = Path(__file__).parents[2]
PATIENCE_S = 300  # ends a hang, on a busy machine, too


class Server:
    """`python -m service` on a free port, with its log in a file.

    Args:
        bundles: what it serves.
        log: the file of its stdout and stderr.
        from_scratch: started anew instead of forked (`tests/fork_server.py`).
        stdin: a descriptor; only of a process that is started from scratch.
        descriptors: how many it may open; only of a forked process.
        settings: others than those of a machine with one core, by name.
    """

    def __init__(
        self,
        bundles: Path,
        log: Path,
        *,
        from_scratch: bool = False,
        stdin: int | None = None,
        descriptors: int | None = None,
        **settings: str,
    ) -> None:
        variables = {"bundles": str(bundles), "port": "0", "threads": "1"}
        variables |= {"credentials_folder": str(log.parent / "credentials"), **settings}
        environment = service_environment(variables)
        self.log = log
        self.process: ForkedProcess | subprocess.Popen[bytes]
        with log.open("ab") as file:
            if from_scratch or stdin:
                self.process = subprocess.Popen(
                    [sys.executable, "-m", "service"],
                    cwd=ROOT,
                    env=environment,
                    stdin=stdin,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                )
            else:
                self.process = fork(
                    "service",
                    environment=environment,
                    output=file.fileno(),
                    descriptors=descriptors,
                )
        self.port = int(self.wait_for(r"Uvicorn running on http://127\.0\.0\.1:(\d+)"))
        self.client = httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=PATIENCE_S)

    def wait_for(self, pattern: str) -> str:
        """The first group of `pattern` once the log has it."""
        deadline = time.monotonic() + PATIENCE_S
        while not (found := re.search(pattern, self.text)):
            assert self.process.poll() is None, self.text
            assert time.monotonic() < deadline, self.text
            time.sleep(0.02)
        return found[1] if found.groups() else found[0]

    def wait_until_ready(self) -> Self:
        """Come back when it serves."""
        self.wait_for("ready with|not ready")
        return self

    @property
    def text(self) -> str:
        """All of the log."""
        return self.log.read_text()

    def metric(self, line: str) -> float:
        """The value of the metric that `line` names with its labels."""
        return metric_of(self.client, line)

    def __enter__(self) -> Self:
        """It runs already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it, one way or the other."""
        self.client.close()
        assert stop_tree(self.process, PATIENCE_S), self.text


def metric_of(client: httpx2.Client, line: str) -> float:
    """The value of the metric that `line` names with its labels."""
    text = client.get("/metrics").text
    found = re.search(rf"^{re.escape(line)} (\S+)$", text, re.MULTILINE)
    assert found, f"{line} is not among the metrics"
    return float(found[1])


@contextmanager
def ready_server(
    bundles: Path,
    log: Path,
    *,
    from_scratch: bool = False,
    stdin: int | None = None,
    descriptors: int | None = None,
    **settings: str,
) -> Generator[Server]:
    """A server that serves, until the end of the block."""
    with Server(
        bundles,
        log,
        from_scratch=from_scratch,
        stdin=stdin,
        descriptors=descriptors,
        **settings,
    ) as server:
        yield server.wait_until_ready()
