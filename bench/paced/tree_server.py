"""The service as several processes, with a paced engine.

python -m bench.paced.tree_server      (started by `bench.paced.process`)
"""

from __future__ import annotations

import sys

from service.__main__ import open_ports_or_exit, settings_or_exit, supervise
from service.http.request_log import configure_logging
from service.operations.merged_metrics import SUPERVISOR

ENGINE_MODULE = "bench.paced.engine_process"

if __name__ == "__main__":
    settings, _ = settings_or_exit()
    configure_logging(settings.log_format, settings.log_level, SUPERVISOR)
    sys.exit(supervise(settings, *open_ports_or_exit(settings), engine_module=ENGINE_MODULE))
