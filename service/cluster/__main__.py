"""`python -m service.cluster`: the service on Ray Serve, on this machine or in a cluster that runs.

Owns the start of Ray on this machine, or the connection to the cluster of `RAY_ADDRESS`, and the
end of both. Exit codes: 0 after a signal, 2 if the settings cannot be used or the port is taken,
70 if the replicas cannot start or the cluster is lost.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from typing import Final

from service.cluster.suitable_settings import require_suitable
from service.credentials.current import CurrentSigner
from service.env_file import SETTINGS_WRONG, SettingsError
from service.environment import read_settings
from service.http.listening import ListenError, listen
from service.http.request_log import configure_logging
from service.settings import Settings, variable_of

WITHOUT_RAY: Final = "Ray is not installed: start with  make serve-cluster  which installs it"
ADDRESS: Final = "RAY_ADDRESS"  # of a cluster that runs already, as Ray names it
# Read by Ray when it is imported; what the environment says has precedence.
RAY_DEFAULTS: Final = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is sent to the makers of Ray
    "RAY_DEDUP_LOGS": "0",
    "RAY_agent_register_timeout_ms": "120000",  # a busy machine needs more than Ray allows
    "RAY_SERVE_REPLICA_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "2",
    "RAY_SERVE_LOG_TO_STDERR": "0",
}

log = logging.getLogger("progan")


def main() -> None:
    """Serve until a signal is received, and exit."""
    argparse.ArgumentParser(
        prog="python -m service.cluster",
        description="Serve pictures by seed from replicas on Ray Serve.",
        epilog=f"settings as for `python -m service`; {ADDRESS} names a cluster that runs already",
    ).parse_args()
    settings = suitable_settings_or_exit()
    configure_logging(settings.log_format, settings.log_level)
    for name, value in RAY_DEFAULTS.items():
        os.environ.setdefault(name, value)
    sys.exit(served(settings))


def served(settings: Settings) -> int:
    """Serve with Ray, which reads its variables when it is imported; returns the exit code."""
    try:
        from service.cluster.running import serve_until_signal  # noqa: PLC0415 - imports Ray
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        print(WITHOUT_RAY, file=sys.stderr)  # noqa: T201 - for a person
        return SETTINGS_WRONG
    return serve_until_signal(settings, os.environ.get(ADDRESS))


def suitable_settings_or_exit() -> Settings:
    """Read the settings, and check here what would fail in each replica."""
    try:
        settings, warnings = read_settings()
        require_suitable(settings)
        _ = CurrentSigner(settings)  # a fault of key or chain ends the start, not each replica
        for opened in listen(settings.host, settings.port, variable_of("port")):
            opened.close()  # Ray opens the port itself
    except SettingsError as error:
        faults = error.faults
    except ListenError as error:
        faults = [str(error)]
    else:
        for warning in warnings:
            log.warning("%s", warning)
        return settings
    for fault in faults:
        print(fault, file=sys.stderr)  # noqa: T201 - for a person
    sys.exit(SETTINGS_WRONG)


if __name__ == "__main__":
    main()
