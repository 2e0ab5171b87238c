"""Every expression that a panel or an alert asks Prometheus, with where it stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from service.composition import ServiceRuntime
from service.processes.process_metrics import ProcessMetrics
from service.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> CollectorRegistry:
    """The metrics of a service that has not been started yet, with those of several processes."""
    folder = tmp_path_factory.mktemp("credentials")
    registry = ServiceRuntime(Settings(credentials_folder=folder)).metrics.registry
    ProcessMetrics(registry, lambda _: 0)
    return registry


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    """docker-compose.yml, with its anchors merged."""
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def rules() -> list[dict[str, Any]]:
    """All rules of alerts.yml, recordings and alerts."""
    alerts = yaml.safe_load((ROOT / "docker/alerts.yml").read_text(encoding="utf-8"))
    return [rule for group in alerts["groups"] for rule in group["rules"]]


@pytest.fixture(scope="session")
def dashboards() -> dict[str, dict[str, Any]]:
    """The dashboards as Grafana reads them, by file name."""
    files = sorted((ROOT / "docker/grafana/dashboards").glob("*.json"))
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in files}


@pytest.fixture(scope="session")
def panels(dashboards: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """All panels of all dashboards, headings left out."""
    every = [panel for board in dashboards.values() for panel in board["panels"]]
    return [panel for panel in every if panel["type"] != "row"]


@pytest.fixture(scope="session")
def expressions(
    rules: list[dict[str, Any]],
    panels: list[dict[str, Any]],
    dashboards: dict[str, dict[str, Any]],
) -> dict[str, str]:
    """Each PromQL expression under the name of what asks it."""
    asked = {rule.get("alert") or rule["record"]: rule["expr"] for rule in rules}
    for panel in panels:
        for target in panel["targets"]:
            asked[f"{panel['title']} {target['refId']}"] = target["expr"]
    for name, board in dashboards.items():
        for note in board["annotations"]["list"]:
            asked[f"{name}: {note['name']}"] = note["expr"]
    return asked
