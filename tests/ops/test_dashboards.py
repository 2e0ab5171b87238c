"""The dashboards: true to their panels in Python, complete, and laid out without overlap."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import yaml

from docker.dashboards.__main__ import written
from docker.dashboards.frame import DATASOURCE, DATASOURCE_UID
from docker.dashboards.panels import LOOKS, Dashboard, Panel, Query, Row, dashboard_json


def test_the_files_are_what_the_panels_say() -> None:
    """Else: `python -m docker.dashboards`."""
    for path, text in written().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is not up to date"


def test_every_panel_tells_title_unit_and_the_decision_it_serves(
    panels: list[dict[str, Any]],
) -> None:
    """And each has an expression, a place, and a kind that has a look."""
    assert len(panels) > 25
    for panel in panels:
        title = panel["title"]
        assert title
        assert panel["fieldConfig"]["defaults"]["unit"], title
        assert len(panel["description"]) > 40, title
        assert panel["targets"], title
        assert panel["type"] in LOOKS, title


def test_titles_and_uids_are_used_once(
    dashboards: dict[str, dict[str, Any]], panels: list[dict[str, Any]]
) -> None:
    """The runbook names panels by their titles."""
    for board in dashboards.values():
        titles = [panel["title"] for panel in board["panels"]]
        assert len(set(titles)) == len(titles)
    assert len({board["uid"] for board in dashboards.values()}) == len(dashboards) == 3


def test_several_lines_of_a_panel_can_be_told_apart(panels: list[dict[str, Any]]) -> None:
    """A panel with more than one query names each."""
    for panel in panels:
        legends = [target["legendFormat"] for target in panel["targets"]]
        assert len(set(legends)) == len(legends), panel["title"]


def test_no_panel_lies_on_another(dashboards: dict[str, dict[str, Any]]) -> None:
    """Nor beyond the 24th column."""
    for board in dashboards.values():
        places = [panel["gridPos"] for panel in board["panels"]]
        assert all(place["x"] + place["w"] <= 24 for place in places)
        for one, other in combinations(places, 2):
            beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
            above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
            assert beside or above, (one, other)


def test_a_row_that_is_full_goes_on_below() -> None:
    """Two panels of 16 columns stand under each other."""
    panel = Panel("t", "d", "s", [Query("up")], width=16, height=5)
    board = dashboard_json(Dashboard("u", "t", "d", [Row("r", [panel, panel])]))
    assert [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in board["panels"]] == [
        (0, 0),
        (0, 1),
        (0, 6),
    ]


def test_all_name_the_one_provisioned_data_source(
    dashboards: dict[str, dict[str, Any]], panels: list[dict[str, Any]], root: Path
) -> None:
    """Panels go through the variable, whose default is the provisioned uid."""
    folder = root / "docker/grafana/provisioning"
    text = (folder / "datasources/prometheus.yml").read_text(encoding="utf-8")
    (source,) = yaml.safe_load(text)["datasources"]
    assert source["uid"] == DATASOURCE_UID
    assert source["url"] == "http://prometheus:9090"
    for board in dashboards.values():
        variables = {entry["name"]: entry for entry in board["templating"]["list"]}
        assert variables["datasource"]["current"]["value"] == source["uid"]
        asked = {name: v for name, v in variables.items() if v["type"] == "query"}
        assert all(variable["datasource"] == DATASOURCE for variable in asked.values())
    for panel in panels:
        assert panel["datasource"] == DATASOURCE
        assert all(target["datasource"] == DATASOURCE for target in panel["targets"])


def test_every_variable_of_a_dashboard_does_something(
    dashboards: dict[str, dict[str, Any]],
) -> None:
    """Each panel asks for the chosen instances, or for what concerns them all."""
    for board in dashboards.values():
        panels = [panel for panel in board["panels"] if panel["type"] != "row"]
        text = json.dumps([panel["targets"] for panel in panels])
        variables = {entry["name"] for entry in board["templating"]["list"]}
        assert {name for name in variables if f"${name}" not in json.dumps(panels)} - {
            "datasource"
        } == set()
        assert set(re.findall(r"=~\\\"\$(\w+)", text)) <= variables
        assert "instance" in variables


def test_a_tile_means_something_without_traffic(panels: list[dict[str, Any]]) -> None:
    """It shows zero, or says in words why there is no number; never a NaN."""
    tiles = [panel for panel in panels if panel["type"] == "stat"]
    assert len(tiles) > 8
    for tile in tiles:
        (target,) = tile["targets"]
        zero = target["expr"].endswith("or vector(0)")
        words = tile["fieldConfig"]["defaults"]["noValue"] != "no data"
        always = "progan_selftest_ok" in target["expr"]
        assert zero or words or always, tile["title"]
        if "/ " in target["expr"]:  # nothing through nothing
            assert "> 0)" in target["expr"], tile["title"]


def test_grafana_looks_where_compose_puts_them(compose: dict[str, Any], root: Path) -> None:
    """The provider's path and the volume's are one."""
    text = (root / "docker/grafana/provisioning/dashboards/progan.yml").read_text(encoding="utf-8")
    (provider,) = yaml.safe_load(text)["providers"]
    volumes = compose["services"]["grafana"]["volumes"]
    assert f"./docker/grafana/dashboards:{provider['options']['path']}:ro" in volumes
    assert provider["allowUiUpdates"] is False


def test_the_rate_interval_fits_the_scrapes(root: Path) -> None:
    """Grafana derives $__rate_interval from what the data source says of the scrapes."""
    source = yaml.safe_load(
        (root / "docker/grafana/provisioning/datasources/prometheus.yml").read_text("utf-8")
    )["datasources"][0]
    scrapes = yaml.safe_load((root / "docker/prometheus.yml").read_text("utf-8"))["global"]
    assert source["jsonData"]["timeInterval"] == scrapes["scrape_interval"]
