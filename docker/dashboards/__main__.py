"""Writes the dashboards for Grafana: `python -m docker.dashboards` after a change of a panel.

Owns the list of dashboards and where their files lie. A test holds files and panels together.
"""

from __future__ import annotations

import json
from pathlib import Path

from docker.dashboards.engine import ENGINE_AND_QUEUE
from docker.dashboards.models import MODELS
from docker.dashboards.overview import OVERVIEW
from docker.dashboards.panels import dashboard_json

FOLDER = Path(__file__).parents[1] / "grafana" / "dashboards"
DASHBOARDS = {"overview": OVERVIEW, "engine": ENGINE_AND_QUEUE, "models": MODELS}


def written() -> dict[Path, str]:
    """The text of each dashboard's file."""
    return {
        FOLDER / f"{name}.json": json.dumps(dashboard_json(dashboard), indent=2) + "\n"
        for name, dashboard in DASHBOARDS.items()
    }


if __name__ == "__main__":
    for path, text in written().items():
        path.write_text(text, encoding="utf-8")
