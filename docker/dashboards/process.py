"""The row of the process: memory, processors, files and uptime.

Owns its panels and their expressions; any dashboard may include it.
"""

from __future__ import annotations

from docker.dashboards.panels import Panel, Query, Row

RATE = "[$__rate_interval]"
OURS = 'job="progan",instance=~"$instance"'

PROCESS = Row(
    "Process",
    [
        Panel(
            "Memory of the process",
            "Resident and virtual. Resident near the container's limit (SERVICE_MEMORY): the next "
            "batch may end the process; growing for hours: a leak.",
            "bytes",
            [
                Query(
                    f"max by (instance) (process_resident_memory_bytes{{{OURS}}})",
                    "{{instance}} resident",
                ),
                Query(
                    f"max by (instance) (process_virtual_memory_bytes{{{OURS}}})",
                    "{{instance}} virtual",
                ),
            ],
            width=6,
        ),
        Panel(
            "Processors in use",
            "Seconds of processor time each second. At the container's limit (SERVICE_CPUS) the "
            "kernel throttles it: raise the limit or lower PROGAN_THREADS.",
            "short",
            [
                Query(
                    f"sum by (instance) (rate(process_cpu_seconds_total{{{OURS}}}{RATE}))",
                    "{{instance}}",
                )
            ],
            width=6,
        ),
        Panel(
            "Open files and connections",
            "Against what the process may have. Near the limit, clients that send nothing give "
            "way: raise the limit of open files.",
            "short",
            [
                Query(f"max by (instance) (process_open_fds{{{OURS}}})", "{{instance}} open"),
                Query(f"max by (instance) (process_max_fds{{{OURS}}})", "{{instance}} limit"),
            ],
            width=6,
        ),
        Panel(
            "Uptime",
            "Each fall is a start. Nobody restarted it: read the exit code and the log before.",
            "s",
            [
                Query(
                    f"time() - max by (instance) (process_start_time_seconds{{{OURS}}})",
                    "{{instance}}",
                )
            ],
            width=6,
        ),
    ],
)
