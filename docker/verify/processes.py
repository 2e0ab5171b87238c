"""A real service and a real Prometheus on free ports, as context managers.

Owns starting them, waiting until they are ready and stopping them. Stops only processes that it
started.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from docker.verify.traffic import status_of

ROOT = Path(__file__).parents[2]
SCRAPE_S = 2
READY_S = 300.0
STOP_S = 40.0


@contextmanager
def service() -> Generator[str]:
    """Run the service with the configured bundles; yield its address when it is ready."""
    port = free_port()
    environment = os.environ | {"PROGAN_PORT": str(port), "PROGAN_LOG_LEVEL": "warning"}
    command = [sys.executable, "-m", "service"]
    with running(command, environment):
        wait_for(f"http://127.0.0.1:{port}/health/ready")
        yield f"127.0.0.1:{port}"


@contextmanager
def prometheus(folder: Path, target: str) -> Generator[str]:
    """Run Prometheus with our configuration, scraping `target` often; yield its address."""
    own = f"127.0.0.1:{free_port()}"
    text = (ROOT / "docker/prometheus.yml").read_text(encoding="utf-8")
    for shipped, here in (
        ("service:8000", target),
        ("localhost:9090", own),
        ("scrape_interval: 15s", f"scrape_interval: {SCRAPE_S}s"),
        ("scrape_timeout: 10s", f"scrape_timeout: {SCRAPE_S}s"),
        ("evaluation_interval: 15s", f"evaluation_interval: {SCRAPE_S}s"),
    ):
        if shipped not in text:
            raise SystemExit(f"docker/prometheus.yml no longer says {shipped!r}: mend this script")
        text = text.replace(shipped, here)
    configuration = folder / "prometheus.yml"
    configuration.write_text(text, encoding="utf-8")
    shutil.copy(ROOT / "docker/alerts.yml", folder)
    command = ["prometheus", f"--config.file={configuration}", f"--web.listen-address={own}"]
    command += [f"--storage.tsdb.path={folder / 'data'}", "--log.level=warn"]
    with running(command, dict(os.environ)):
        wait_for(f"http://{own}/-/ready")
        yield own


@contextmanager
def running(command: list[str], environment: dict[str, str]) -> Generator[None]:
    """Run a process; terminate it at the end, and kill it after `STOP_S` seconds."""
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """Return a free TCP port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(address: str) -> None:
    """Wait until `address` responds with 200.

    Raises:
        SystemExit: it did not within `READY_S` seconds.
    """
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        if status_of("GET", address) == 200:
            return
        time.sleep(0.5)
    raise SystemExit(f"{address} was not ready within {READY_S:.0f} s")
