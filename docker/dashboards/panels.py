"""Parts of a dashboard: queries, panels, rows, and the JSON that Grafana reads.

Owns the style that all dashboards share: layout in 24 columns, legends, thresholds. Knows no
metric.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from docker.dashboards.frame import DATASOURCE, Json, frame

COLUMNS = 24

# Options of each kind of panel. `INSTANT` kinds show only current values, without history.
INSTANT = frozenset({"stat", "bargauge", "table"})
LAST_VALUE: Json = {"calcs": ["lastNotNull"]}
LEGEND = {"displayMode": "table", "placement": "bottom", "calcs": ["mean", "max", "lastNotNull"]}
BOOKKEEPING = {name: True for name in ("Time", "Value", "__name__", "job")}
LOOKS: dict[str, Json] = {
    "timeseries": {"options": {"legend": LEGEND, "tooltip": {"mode": "multi", "sort": "desc"}}},
    "stat": {
        "options": {"reduceOptions": LAST_VALUE, "colorMode": "background", "graphMode": "none"}
    },
    "bargauge": {
        "options": {
            "reduceOptions": LAST_VALUE,
            "orientation": "horizontal",
            "displayMode": "basic",
        }
    },
    "heatmap": {
        "options": {
            "calculate": False,
            "color": {"mode": "scheme", "scheme": "Viridis", "steps": 32},
        }
    },
    "table": {
        "options": {"showHeader": True},
        "transformations": [{"id": "organize", "options": {"excludeByName": BOOKKEEPING}}],
    },
}


@dataclass(frozen=True)
class Query:
    """One PromQL expression, and the legend of its series; Grafana fills in `{{label}}`."""

    expr: str
    legend: str = ""
    output: str = "time_series"


@dataclass(frozen=True)
class Panel:
    """One panel.

    Attributes:
        description: text on the content of the panel and the decision that it supports.
        unit: Grafana's id of the unit, such as `s`, `reqps` or `percentunit`.
        kind: one of `LOOKS`.
        steps: thresholds (lowest value, colour) in ascending order; the first value is None.
        width: number of columns, of 24.
        without_data: text that is shown if there is no data.
    """

    title: str
    description: str
    unit: str
    queries: Sequence[Query]
    kind: str = "timeseries"
    steps: Sequence[tuple[float | None, str]] = ((None, "green"),)
    stacked: bool = False
    width: int = 12
    height: int = 8
    without_data: str = "no data"


@dataclass(frozen=True)
class Row:
    """A heading and the panels under it, from left to right, wrapped at 24 columns."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True)
class Dashboard:
    """A complete dashboard; `uid` is part of its URL."""

    uid: str
    title: str
    description: str
    rows: Sequence[Row]


def dashboard_json(dashboard: Dashboard) -> Json:
    """Return the JSON of a dashboard for Grafana's provisioning."""
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.description,
        **frame(query.expr for row in dashboard.rows for p in row.panels for query in p.queries),
        "panels": list(_placed(dashboard.rows)),
    }


def _placed(rows: Sequence[Row]) -> Iterator[Json]:
    """Yield all headings and panels with their ids and their positions on the grid."""
    number = 0
    top = 0
    for row in rows:
        number += 1
        yield _heading(row, number, top)
        left, top, tallest = 0, top + 1, 0
        for panel in row.panels:
            if left + panel.width > COLUMNS:
                left, top, tallest = 0, top + tallest, 0
            number += 1
            place = {"x": left, "y": top, "w": panel.width, "h": panel.height}
            yield _panel_json(panel, number, place)
            left, tallest = left + panel.width, max(tallest, panel.height)
        top += tallest


def _heading(row: Row, number: int, top: int) -> Json:
    place = {"x": 0, "y": top, "w": COLUMNS, "h": 1}
    heading: Json = {"type": "row", "collapsed": False, "panels": []}
    return {"id": number, "title": row.title, "gridPos": place, **heading}


def _panel_json(panel: Panel, number: int, place: Json) -> Json:
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": DATASOURCE,
        "gridPos": place,
        "targets": [
            _target(query, chr(ord("A") + index), instant=panel.kind in INSTANT)
            for index, query in enumerate(panel.queries)
        ],
        "fieldConfig": {"defaults": _field_defaults(panel), "overrides": []},
        **LOOKS[panel.kind],
    }


def _target(query: Query, letter: str, *, instant: bool) -> Json:
    return {
        "refId": letter,
        "datasource": DATASOURCE,
        "expr": query.expr,
        "legendFormat": query.legend or "__auto",
        "format": query.output,
        "instant": instant,
        "range": not instant,
    }


def _field_defaults(panel: Panel) -> Json:
    defaults: Json = {
        "unit": panel.unit,
        "noValue": panel.without_data,
        "thresholds": {
            "mode": "absolute",
            "steps": [{"value": value, "color": colour} for value, colour in panel.steps],
        },
    }
    if panel.kind != "timeseries":
        return defaults
    return defaults | {
        "min": 0,
        "color": {"mode": "palette-classic"},
        "custom": {
            "lineWidth": 2,
            "fillOpacity": 40 if panel.stacked else 8,
            "showPoints": "never",
            "stacking": {"mode": "normal" if panel.stacked else "none"},
            "thresholdsStyle": {"mode": "dashed" if len(panel.steps) > 1 else "off"},
        },
    }
