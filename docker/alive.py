"""The health check inside the service's container: exit code 0 if the service is alive.

Requests `/health/live` on the port of the service. Needs only the standard library, so the image
needs no curl; ignores proxies in the environment.
"""

from __future__ import annotations

import http.client
import os
import sys
from collections.abc import Mapping

DEFAULT_PORT = 8000
SECONDS = 4.0  # for the response; less than the timeout of the health check itself


def is_alive(port: int) -> bool:
    """True if `/health/live` on this machine responds with 200 within `SECONDS`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def port_of(environment: Mapping[str, str]) -> int:
    """Return the port of the service; a URL that Kubernetes sets in these variables is ignored."""
    given = (environment.get(name, "").strip() for name in ("PROGAN_PORT", "PORT"))
    return next((int(value) for value in given if value.isdecimal()), DEFAULT_PORT)


if __name__ == "__main__":
    sys.exit(0 if is_alive(port_of(os.environ)) else 1)
