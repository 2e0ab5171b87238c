"""The service with a paced engine, as a process that tells the processor time of its threads.

    python -m bench.paced.server      (started by `bench.paced.process`, which sets the environment)

Composed of the service's own parts, as `python -m service`. For each line on stdin it writes one on
stderr: JSON with the seconds that each thread has used, by name.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

import numpy as np

from bench.paced.engine import Pace, PacedEngine
from service.__main__ import open_ports_or_exit, serve, settings_or_exit
from service.composition import ServiceRuntime
from service.garbage_collection import pause_collection, settle_objects
from service.http.request_log import configure_logging
from service.registry.background_thread import BackgroundThread
from service.settings import Settings

BATCH_S, EACH_S, PICTURES = "PACED_BATCH_S", "PACED_EACH_S", "PACED_PICTURES"


def open_paced_engine(_settings: Settings, _background: BackgroundThread) -> PacedEngine:
    """The engine that the environment describes."""
    pace = Pace(float(os.environ[BATCH_S]), float(os.environ[EACH_S]))
    stored = Path(os.environ[PICTURES]).glob("*.npy")
    return PacedEngine(pace, {int(file.stem): list(np.load(file)) for file in stored})


def seconds_of_threads() -> dict[str, float]:
    """Processor time of each thread that Python knows, by name; threads of one name together."""
    used: dict[str, float] = {}
    for thread in threading.enumerate():
        if thread.ident is not None:
            clock = time.pthread_getcpuclockid(thread.ident)
            used[thread.name] = used.get(thread.name, 0.0) + time.clock_gettime(clock)
    return used


def tell_on_demand() -> None:
    """Answer each line on stdin, until there are no more."""
    for _ in sys.stdin:
        print(json.dumps(seconds_of_threads()), file=sys.stderr, flush=True)


def main() -> int:
    """Serve until a signal is received; return the exit code."""
    settings, _ = settings_or_exit()
    configure_logging(settings.log_format, settings.log_level)
    threading.Thread(target=tell_on_demand, name="clocks", daemon=True).start()
    ports = open_ports_or_exit(settings)
    runtime = ServiceRuntime(settings, open_paced_engine, settle_objects)
    pause_collection()
    return serve(settings, runtime, *ports)


if __name__ == "__main__":
    sys.exit(main())
