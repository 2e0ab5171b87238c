"""Common parts of all dashboards: data source, variables, annotations, links.

Owns the single data source of all dashboards. Knows nothing of panels.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

DATASOURCE_UID = "progan-prometheus"  # as in grafana/provisioning/datasources/prometheus.yml
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}

Json = dict[str, Any]


def frame(expressions: Iterable[str]) -> Json:
    """Return the common parts of a dashboard, with the variables that it uses.

    Args:
        expressions: PromQL expressions of all its panels.
    """
    text = " ".join(expressions)
    used = [variable for name, variable in VARIABLES.items() if f"${name}" in text]
    return {
        "tags": ["progan"],
        "schemaVersion": 41,
        "editable": False,
        "graphTooltip": 1,  # one crosshair over all panels
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "annotations": {"list": [_firing_alerts()]},
        "links": [_links_to_the_others()],
        "templating": {"list": [_datasource_variable(), *used]},
    }


def _datasource_variable() -> Json:
    current = {"text": "Prometheus", "value": DATASOURCE_UID}
    variable = {"name": "datasource", "label": "Data source", "type": "datasource"}
    return variable | {"query": "prometheus", "current": current}


def _variable(name: str, label: str, query: str) -> Json:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,  # whenever the time range changes
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": ["All"], "value": ["$__all"]},
    }


VARIABLES = {
    "instance": _variable("instance", "Instance", 'label_values(up{job="progan"}, instance)'),
    "model": _variable("model", "Model", "label_values(progan_model_info, model)"),
}


def _firing_alerts() -> Json:
    return {
        "name": "Firing alerts",
        "datasource": DATASOURCE,
        "enable": True,
        "iconColor": "red",
        "expr": 'ALERTS{alertstate="firing", alertname=~"Progan.+"}',
        "step": "60s",
        "titleFormat": "{{alertname}}",
        "textFormat": "{{instance}}",
    }


def _links_to_the_others() -> Json:
    return {
        "type": "dashboards",
        "title": "Progan",
        "tags": ["progan"],
        "asDropdown": False,
        "includeVars": True,
        "keepTime": True,
    }
