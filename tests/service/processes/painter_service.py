"""`python -m tests.service.processes.painter_service MODULE`: a service with another engine."""

from __future__ import annotations

import sys

from service.__main__ import open_ports_or_exit, settings_or_exit, supervise
from service.http.request_log import configure_logging
from service.operations.merged_metrics import SUPERVISOR

if __name__ == "__main__":
    settings, _ = settings_or_exit()
    configure_logging(settings.log_format, settings.log_level, SUPERVISOR)
    sys.exit(supervise(settings, *open_ports_or_exit(settings), engine_module=sys.argv[1]))
