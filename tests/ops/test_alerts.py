"""The rules: each alert leads to its runbook, and nothing asks for a metric that is not there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import CollectorRegistry

METRIC = re.compile(r"\b(?:progan[_:]\w[\w:]*|process_\w+|up|ALERTS)\b")
OF_PROMETHEUS = {"up", "ALERTS"}


def names_in(expression: str) -> set[str]:
    """The metrics of a PromQL expression; what stands in braces and quotes is no metric."""
    return set(METRIC.findall(re.sub(r"\{[^}]*\}", "", re.sub(r'"[^"]*"', '""', expression))))


def exported_names(registry: CollectorRegistry) -> set[str]:
    """Every sample name the registry can export: a histogram has three."""
    names: set[str] = set()
    for family in registry.collect():
        if family.type == "counter":
            names.add(f"{family.name}_total")
        elif family.type == "histogram":
            names |= {f"{family.name}{suffix}" for suffix in ("_bucket", "_sum", "_count")}
        else:
            names.add(family.name)
    return names


def slug(heading: str) -> str:
    """The anchor that a Markdown heading gets."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_every_expression_names_only_what_somebody_exports(
    expressions: dict[str, str], rules: list[dict[str, Any]], registry: CollectorRegistry
) -> None:
    """The service, a recording rule, or Prometheus itself."""
    known = exported_names(registry) | {rule.get("record") for rule in rules} | OF_PROMETHEUS
    unknown = {asker: names_in(expr) - known for asker, expr in expressions.items()}
    assert {asker: names for asker, names in unknown.items() if names} == {}
    assert all(names_in(expr) for expr in expressions.values())


def test_every_metric_of_the_service_is_shown_somewhere(
    expressions: dict[str, str], registry: CollectorRegistry
) -> None:
    """A metric that no panel and no alert asks for serves no decision."""
    asked = set().union(*(names_in(expr) for expr in expressions.values()))
    unseen = {
        family.name
        for family in registry.collect()
        if not any(name.startswith(family.name) for name in asked)
    }
    assert unseen == set()


def test_selected_labels_are_labels_of_the_contract(expressions: dict[str, str]) -> None:
    """Never a seed, a raw path, a client."""
    closed = {"route", "method", "status", "model", "resolution", "reason", "kind", "format"}
    closed |= {"origin", "outcome"}
    of_prometheus = {"le", "job", "instance", "alertname", "alertstate"}
    for asker, expr in expressions.items():
        used = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", expr))
        used |= {
            name.strip()
            for group in re.findall(r"\b(?:by|on|without)\s*\(([^)]*)\)", expr)
            for name in group.split(",")
        }
        assert used <= closed | of_prometheus, asker


def test_counters_that_alerts_watch_are_there_before_anything_happens(
    registry: CollectorRegistry,
) -> None:
    """A counter that appears at 1 has never increased for Prometheus: the first is missed."""
    samples = [sample for family in registry.collect() for sample in family.samples]
    kinds = {s.labels["kind"] for s in samples if s.name == "progan_engine_errors_total"}
    reasons = {s.labels["reason"] for s in samples if s.name == "progan_refused_total"}
    assert kinds >= {"out_of_memory", "other"}
    assert reasons == {"queue_full", "rate_limit", "deadline", "cancelled", "draining"}


def test_every_alert_has_a_severity_a_summary_and_its_section_in_the_runbook(
    rules: list[dict[str, Any]], root: Path
) -> None:
    """Somebody who is woken up finds what to do under the alert's own name."""
    runbook = (root / "docs/runbook.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (.+)$", runbook, re.MULTILINE)
    alerts = [rule for rule in rules if "alert" in rule]
    for alert in alerts:
        assert alert["labels"]["severity"] in ("page", "ticket")
        assert alert["annotations"]["summary"]
        link = f"{{{{ $externalLabels.runbook }}}}#{slug(alert['alert'])}"
        assert alert["annotations"]["runbook_url"] == link
        section = runbook.partition(f"## {alert['alert']}\n")[2].partition("\n## ")[0]
        assert f"**{alert['labels']['severity']}.**" in section
        assert "Look at:" in section
        assert "Do:" in section
    assert sections == [alert["alert"] for alert in alerts]


def test_links_to_the_runbook_are_absolute(root: Path, compose: dict[str, Any]) -> None:
    """The address is Prometheus' external label, from a variable that Compose always gives."""
    config = yaml.safe_load((root / "docker/prometheus.yml").read_text(encoding="utf-8"))
    grafana = compose["services"]["grafana"]["volumes"]
    given = compose["services"]["prometheus"]["environment"]["RUNBOOK_URL"]

    assert config["global"]["external_labels"]["runbook"] == "${RUNBOOK_URL}"
    assert given == "${RUNBOOK_URL:-http://127.0.0.1:3000/public/runbook.txt}"
    assert "./docs/runbook.md:/usr/share/grafana/public/runbook.txt:ro" in grafana


def test_alerts_reach_somebody_by_their_severity(
    root: Path, compose: dict[str, Any], rules: list[dict[str, Any]]
) -> None:
    """Prometheus sends to the Alertmanager of Compose, which has a receiver for each."""
    config = yaml.safe_load((root / "docker/prometheus.yml").read_text(encoding="utf-8"))
    (manager,) = config["alerting"]["alertmanagers"]
    alerting = yaml.safe_load((root / "docker/alertmanager.yml").read_text(encoding="utf-8"))
    route = alerting["route"]
    receivers = {receiver["name"] for receiver in alerting["receivers"]}
    matched = {matcher for child in route["routes"] for matcher in child["matchers"]}

    assert manager["static_configs"][0]["targets"] == ["alertmanager:9093"]
    assert "alertmanager" in compose["services"]
    assert receivers == {route["receiver"], *(child["receiver"] for child in route["routes"])}
    assert {'severity = "page"'} == matched
    assert {rule["labels"]["severity"] for rule in rules if "alert" in rule} == {"page", "ticket"}


def test_the_runbook_names_panels_and_settings_that_exist(
    root: Path, panels: list[dict[str, Any]], dashboards: dict[str, dict[str, Any]]
) -> None:
    """`*Title*` is a panel or a dashboard."""
    runbook = (root / "docs/runbook.md").read_text(encoding="utf-8")
    known = {panel["title"].removesuffix(", 95 %") for panel in panels}
    known |= {board["title"] for board in dashboards.values()}
    named = re.findall(r"(?<!\*)\*([^*\n]+(?:\n[^*\n]+)?)\*(?!\*)", runbook)
    assert {" ".join(name.split()) for name in named} <= known
    assert len(named) > 15


def test_every_alert_has_a_story_that_raises_it(rules: list[dict[str, Any]], root: Path) -> None:
    """alerts_test.yml tells at least one for each."""
    stories = (root / "docker/alerts_test.yml").read_text(encoding="utf-8")
    raised = set(re.findall(r"- alertname: (\w+)\n", stories))
    assert raised == {rule["alert"] for rule in rules if "alert" in rule}
