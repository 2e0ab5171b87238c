"""Port and environment of a service that is started as a process, for measurements and tests.

Owns what keeps it apart from this machine's own settings. Starts nothing.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping


def free_port() -> int:
    """Return a TCP port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def service_environment(settings: Mapping[str, object]) -> dict[str, str]:
    """Return the variables of this process with these settings of the service and no others.

    Args:
        settings: values by the name of the setting, without the prefix `PROGAN_`.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PROGAN_")}
    return kept | {f"PROGAN_{name.upper()}": str(value) for name, value in settings.items()}
