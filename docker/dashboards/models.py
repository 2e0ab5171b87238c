"""The dashboard of the models: loaded models, self-test, and images by model and resolution.

Owns its panels and their expressions.
"""

from __future__ import annotations

from docker.dashboards.panels import Dashboard, Panel, Query, Row

RATE = "[$__rate_interval]"
INSTANCE = 'instance=~"$instance"'
CHOSEN = 'instance=~"$instance",model=~"$model"'
IMAGES = f"progan_images_total{{{CHOSEN}}}"

LOADED = Row(
    "Loaded",
    [
        Panel(
            "Self-test",
            "1: no picture depends on its batch and no bundle was refused. 0: a seed may not give "
            "the same bytes for ever; see the runbook.",
            "bool_yes_no",
            [Query('min(progan_selftest_ok{instance=~"$instance"})')],
            kind="stat",
            steps=[(None, "red"), (1, "green")],
            width=4,
            height=5,
        ),
        Panel(
            "Models loaded",
            "Models with weights in memory. Fewer than there are bundles: one was refused, and the "
            "log says why.",
            "short",
            [Query(f"count(count by (model) (progan_model_info{{{CHOSEN}}})) or vector(0)")],
            kind="stat",
            steps=[(None, "red"), (1, "green")],
            width=4,
            height=5,
        ),
        Panel(
            "What is served",
            "Each loaded model, pinned by digest, and the device and precision it computes in. "
            "Replicas that differ here give different bytes for the same seed.",
            "string",
            [Query(f"progan_model_info{{{CHOSEN}}}", output="table")],
            kind="table",
            width=16,
            height=5,
        ),
    ],
)

USE = Row(
    "Use",
    [
        Panel(
            "Images by model",
            "Which models earn their memory: one that nobody asks for can be unloaded.",
            "ops",
            [Query(f"sum by (model) (rate({IMAGES}{RATE}))", "{{model}}")],
            stacked=True,
        ),
        Panel(
            "Images by resolution",
            "Which sizes people take. Mostly small ones: a lower default saves most of the work.",
            "ops",
            [Query(f"sum by (resolution) (rate({IMAGES}{RATE}))", "{{resolution}} px")],
            stacked=True,
        ),
        Panel(
            "Images by model and resolution, last 24 hours",
            "How many images were computed: what to size the next machine for.",
            "short",
            [
                Query(
                    f"sum by (model, resolution) (increase({IMAGES}[24h]))",
                    "{{model}} {{resolution}} px",
                )
            ],
            kind="bargauge",
        ),
        Panel(
            "Images waiting by model",
            "Who fills the queue: one model's wave delays the others, a reason to give it its own "
            "service.",
            "short",
            [Query(f"sum by (model) (progan_queue_depth{{{CHOSEN}}})", "{{model}}")],
            stacked=True,
        ),
        Panel(
            "Files verified by origin",
            "What people find out at /verify. Many contradicted: someone hands out pictures with "
            "false metadata.",
            "ops",
            [
                Query(
                    f"sum by (origin) (rate(progan_verifications_total{{{INSTANCE}}}{RATE}))",
                    "{{origin}}",
                )
            ],
            stacked=True,
        ),
    ],
)

MODELS = Dashboard(
    "progan-models",
    "Progan: models",
    "What is loaded, whether it keeps the promise of a seed, and who asks for what.",
    [LOADED, USE],
)
