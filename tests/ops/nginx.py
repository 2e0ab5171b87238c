"""A real nginx with our configuration in front of a real service, and what it keeps on disk."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from bench.service_process import free_port
from tests.journeys.server import PATIENCE_S

ROOT = Path(__file__).parents[2]
START = ROOT / "docker/nginx/start.sh"
VALID_UNTIL = 8  # offset in a stored file of the second until which it is fresh (int64)


@dataclass(frozen=True)
class Cache:
    """A running nginx.

    Attributes:
        port: where it listens.
        folder: where it keeps files.
        client: asks it, from 127.0.0.1.
    """

    port: int
    folder: Path
    client: httpx2.Client

    def stored(self, path: str) -> list[Path]:
        """The files of a stored answer to `GET path`, in either zone."""
        key = f"\nKEY: GET {path}\n".encode()
        files = [each for each in self.folder.rglob("*") if each.is_file()]
        return [each for each in files if key in each.read_bytes()[:4096]]

    def age(self, path: str) -> None:
        """Let the stored answer to `GET path` be out of date, as a minute would."""
        (file,) = self.stored(path)
        with file.open("r+b") as opened:
            opened.seek(VALID_UNTIL)
            opened.write(struct.pack("=q", int(time.time()) - 1))


@contextmanager
def cache_before(service_port: int, folder: Path, **variables: str) -> Generator[Cache]:
    """An nginx in front of the service at a port, with `CACHE_` variables, until the block ends."""
    port, kept = free_port(), folder / "kept"
    folder.mkdir(parents=True, exist_ok=True)
    ours = {"upstream": f"127.0.0.1:{service_port}", "listen": f"127.0.0.1:{port}"}
    ours |= {"folder": str(kept), "run": str(folder / "run"), **variables}
    environment = {"PATH": f"{os.environ['PATH']}:/usr/sbin"}
    environment |= {f"CACHE_{name.upper()}": value for name, value in ours.items()}
    options = ["-g", "user root;"] if os.geteuid() == 0 else []
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [str(START), *options], env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as client:
            _wait_until_it_answers(client, process, folder / "log")
            yield Cache(port, kept, client)
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def _wait_until_it_answers(
    client: httpx2.Client, process: subprocess.Popen[bytes], log: Path
) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        try:
            client.get("/metrics")
        except httpx2.HTTPError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(log.read_text())


def requests_at(service: httpx2.Client) -> Counter[str]:
    """Requests that the service has answered, as `GET /images/{seed} 200`; metrics left out.

    `images` is the number of pictures that the engine has made.
    """
    text = service.get("/metrics").text
    counts: Counter[str] = Counter()
    for labels, value in re.findall(r"^progan_requests_total\{(.*?)\} (\S+)$", text, re.MULTILINE):
        of = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        if of["route"] != "/metrics":
            counts[f"{of['method']} {of['route']} {of['status']}"] += int(float(value))
    for value in re.findall(r"^progan_images_total\{.*?\} (\S+)$", text, re.MULTILINE):
        counts["images"] += int(float(value))
    return counts
