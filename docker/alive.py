"""The health check inside the service's container: exit code 0 while the service is alive.

Asks `/health/live` on the port the service listens on. Needs the standard library alone, so the
image needs no curl; uses no proxy, whatever the environment says.
"""

from __future__ import annotations

import http.client
import os
import sys
from collections.abc import Mapping

DEFAULT_PORT = 8000
SECONDS = 4.0  # to answer; less than the timeout of the health check itself


def is_alive(port: int) -> bool:
    """Whether `/health/live` on this machine answers 200 within `SECONDS`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def port_of(environment: Mapping[str, str]) -> int:
    """The port the service listens on; an address that Kubernetes put there is ignored."""
    given = (environment.get(name, "").strip() for name in ("PROGAN_PORT", "PORT"))
    return next((int(value) for value in given if value.isdecimal()), DEFAULT_PORT)


if __name__ == "__main__":
    sys.exit(0 if is_alive(port_of(os.environ)) else 1)
