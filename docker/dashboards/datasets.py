"""The row of data sets: how many are open, what they cost, how they end.

Owns its panels and their expressions.
"""

from __future__ import annotations

from docker.dashboards.panels import Panel, Query, Row

INSTANCE = 'instance=~"$instance"'
CHOSEN = f'{INSTANCE},model=~"$model"'
RATE = "[$__rate_interval]"

DATASETS = Row(
    "Data sets",
    [
        Panel(
            "Open data sets",
            "Downloads under way. Always at PROGAN_MAX_DATASETS: clients wait for a place; raise "
            "it, or look for one that reads slowly.",
            "short",
            [Query(f"sum by (instance) (progan_datasets_open{{{INSTANCE}}})", "{{instance}}")],
            width=6,
        ),
        Panel(
            "Images by priority",
            "Images of requests, and of data sets, which are computed while no request waits. Data "
            "sets at zero while some are open: requests take all of the engine.",
            "ops",
            [
                Query(
                    f"sum(rate(progan_images_total{{{CHOSEN}}}{RATE})) "
                    f"- sum(rate(progan_dataset_images_total{{{CHOSEN}}}{RATE}))",
                    "requests",
                ),
                Query(f"sum(rate(progan_dataset_images_total{{{CHOSEN}}}{RATE}))", "data sets"),
            ],
            stacked=True,
            width=6,
        ),
        Panel(
            "Bytes of data sets",
            "What goes out in data sets. Flat at the speed of the network while images fall: the "
            "clients are the limit, not the engine.",
            "Bps",
            [Query(f"sum(rate(progan_dataset_bytes_total{{{INSTANCE}}}{RATE}))", "bytes")],
            width=6,
        ),
        Panel(
            "Data sets by outcome",
            "How downloads ended. failed: read the log; client_slow: clients that stop reading; "
            "refused: too many at a time.",
            "short",
            [
                Query(
                    f"sum by (outcome) (increase(progan_datasets_total{{{INSTANCE}}}{RATE}))",
                    "{{outcome}}",
                )
            ],
            stacked=True,
            width=6,
        ),
    ],
)
