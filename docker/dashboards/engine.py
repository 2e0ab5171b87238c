"""The dashboard of the engine, the queue before it and the encoding after it.

Owns its panels and their expressions. It shows if the service lacks capacity, or if its
configuration is wrong.
"""

from __future__ import annotations

from docker.dashboards.datasets import DATASETS
from docker.dashboards.panels import Dashboard, Panel, Query, Row
from docker.dashboards.process import PROCESS

INSTANCE = 'instance=~"$instance"'
CHOSEN = f'{INSTANCE},model=~"$model"'
BATCH_S = "progan_batch_duration_seconds_sum"
RATE = "[$__rate_interval]"


def _quantile(share: float, histogram: str, by: str = "") -> str:
    labels = f"le, {by}" if by else "le"
    buckets = f"rate({histogram}_bucket{{{INSTANCE}}}{RATE})"
    return f"histogram_quantile({share}, sum by ({labels}) ({buckets}))"


def _mean(histogram: str, by: str = "") -> str:
    over = f"sum by ({by})" if by else "sum"
    total, count = (f"rate({histogram}_{kind}{{{INSTANCE}}}{RATE})" for kind in ("sum", "count"))
    return f"{over} ({total}) / {over} ({count})"


QUEUE = Row(
    "Queue",
    [
        Panel(
            "Images waiting",
            "Images in the queue, by model. A queue that empties between waves is doing its work; "
            "one that never empties wants more capacity.",
            "short",
            [
                Query(
                    f"sum by (model) (progan_queue_depth{{{CHOSEN}}})",
                    "{{model}}",
                )
            ],
            stacked=True,
            width=8,
        ),
        Panel(
            "Work waiting",
            "Predicted seconds until all that waits now is computed: a new request waits so long. "
            "Above 15 s a ticket is opened, at the deadline requests are refused.",
            "s",
            [
                Query(
                    f"max by (instance) (progan_queued_work_seconds{{{INSTANCE}}})", "{{instance}}"
                )
            ],
            steps=[(None, "transparent"), (15, "orange"), (30, "red")],
            width=8,
        ),
        Panel(
            "Waiting time",
            "From admission of an image to the start of its batch. Long while the engine is not "
            "busy: look for what holds the queue.",
            "s",
            [
                Query(_quantile(0.5, "progan_queue_wait_seconds"), "50 %"),
                Query(_quantile(0.95, "progan_queue_wait_seconds"), "95 %"),
                Query(_quantile(0.99, "progan_queue_wait_seconds"), "99 %"),
            ],
            steps=[(None, "transparent"), (5, "red")],
            width=8,
        ),
    ],
)

ENGINE = Row(
    "Engine",
    [
        Panel(
            "Engine busy",
            "Share of time in which a batch is computed. Near 100 % for long: the device is the "
            "limit, add one; far below with a long queue: something else is.",
            "percentunit",
            [
                Query(
                    f"sum by (instance) (rate({BATCH_S}{{{INSTANCE}}}{RATE}))",
                    "{{instance}}",
                )
            ],
            steps=[(None, "transparent"), (0.9, "orange")],
            width=8,
        ),
        Panel(
            "Images per second",
            "What the engine delivers. Falls at the same mix of resolutions: the device is "
            "throttled or shared.",
            "ops",
            [
                Query(
                    f"sum by (model) (rate(progan_images_total{{{CHOSEN}}}{RATE}))",
                    "{{model}}",
                )
            ],
            stacked=True,
            width=8,
        ),
        Panel(
            "Engine heartbeat age",
            "Since the engine's thread last showed that it lives. It grows during a batch; above a "
            "minute the engine hangs and the service wants a restart.",
            "s",
            [
                Query(
                    f"max by (instance) (progan_engine_heartbeat_age_seconds{{{INSTANCE}}})",
                    "{{instance}}",
                )
            ],
            steps=[(None, "transparent"), (60, "red")],
            width=8,
        ),
        Panel(
            "Batch duration by resolution, 95 %",
            "How long a batch takes, by the largest resolution in it. It bounds how long a small "
            "picture waits behind large ones: PROGAN_BATCH_WORK_S.",
            "s",
            [
                Query(
                    _quantile(0.95, "progan_batch_duration_seconds", "resolution"),
                    "{{resolution}} px",
                )
            ],
            width=8,
        ),
        Panel(
            "Engine time per image",
            "Time of the engine divided by images: what an image costs. It falls as batches grow, "
            "or larger batches are of no use here.",
            "s",
            [
                Query(
                    f"sum(rate(progan_batch_duration_seconds_sum{{{INSTANCE}}}{RATE})) "
                    f"/ sum(rate(progan_batch_size_sum{{{INSTANCE}}}{RATE}))",
                    "per image",
                )
            ],
            width=8,
        ),
        Panel(
            "Engine errors by kind",
            "Batches that failed. out_of_memory: lower PROGAN_MAX_BATCH; other: read the log.",
            "short",
            [
                Query(
                    f"sum by (kind) (increase(progan_engine_errors_total{{{INSTANCE}}}{RATE}))",
                    "{{kind}}",
                )
            ],
            steps=[(None, "transparent"), (1, "red")],
            width=8,
        ),
    ],
)

BATCHES = Row(
    "Batches",
    [
        Panel(
            "Batch size",
            "Images in a batch: mean and largest. Always at PROGAN_MAX_BATCH: it may be worth "
            "raising; always 1: requests come singly, and that is fine.",
            "short",
            [
                Query(_mean("progan_batch_size"), "mean"),
                Query(_quantile(0.95, "progan_batch_size"), "95 %"),
            ],
        ),
        Panel(
            "Batches by size",
            "How many batches had how many images. Two bands: two kinds of clients.",
            "short",
            [
                Query(
                    f"sum by (le) (increase(progan_batch_size_bucket{{{INSTANCE}}}{RATE}))",
                    "{{le}}",
                    output="heatmap",
                )
            ],
            kind="heatmap",
        ),
    ],
)

ENCODING = Row(
    "Encoding, and the whole way",
    [
        Panel(
            "Encoding time by format, 95 %",
            "From pixels to a file. A format that costs more than the engine is worth an advice to "
            "its clients, or another thread: PROGAN_ENCODERS.",
            "s",
            [
                Query(
                    _quantile(0.95, "progan_encode_duration_seconds", "format"),
                    "{{format}}",
                )
            ],
        ),
        Panel(
            "Where the time goes",
            "Mean time of an image in the queue, of its batch in the engine, of an answer in the "
            "encoder: what to mend first when answers are slow.",
            "s",
            [
                Query(_mean("progan_queue_wait_seconds"), "waiting"),
                Query(_mean("progan_batch_duration_seconds"), "computing"),
                Query(_mean("progan_encode_duration_seconds"), "encoding"),
            ],
            stacked=True,
        ),
    ],
)

ENGINE_AND_QUEUE = Dashboard(
    "progan-engine",
    "Progan: engine and queue",
    "Is the service too small, or set wrongly? Queue, engine, batches and encoding.",
    [QUEUE, ENGINE, BATCHES, ENCODING, DATASETS, PROCESS],
)
