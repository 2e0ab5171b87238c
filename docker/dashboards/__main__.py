"""Write the dashboards for Grafana: run `python -m docker.dashboards` after changing a panel.

Owns the list of dashboards and the paths of their files. A test compares the files with the panels.
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
    """Return the text of the file of each dashboard, by path."""
    return {
        FOLDER / f"{name}.json": json.dumps(dashboard_json(dashboard), indent=2) + "\n"
        for name, dashboard in DASHBOARDS.items()
    }


if __name__ == "__main__":
    for path, text in written().items():
        path.write_text(text, encoding="utf-8")
