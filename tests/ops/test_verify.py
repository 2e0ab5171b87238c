"""What `python -m docker.verify` asks, and how a quiet alert is made to speak."""

from __future__ import annotations

from typing import Any

import pytest

from docker.verify.questions import panel_questions, without_comparison


@pytest.mark.parametrize(
    ("alert", "asked"),
    [
        ('up{job="progan"} == 0', 'up{job="progan"} '),
        ("(a > (14.4 * 0.005) and b > (6 * 0.005))", "(a  and b )"),
        ('rate(x{status=~"5..",s!="503"}[5m]) > 0.05', 'rate(x{status=~"5..",s!="503"}[5m]) '),
        ("(count by (i) (m) or on (i) (0 * up)) == 0", "(count by (i) (m) or on (i) (0 * up)) "),
    ],
)
def test_an_alert_is_asked_without_its_comparison(alert: str, asked: str) -> None:
    """Label matchers stay as they are."""
    assert without_comparison(alert) == asked


def test_no_comparison_is_left_in_any_alert(rules: list[dict[str, Any]]) -> None:
    """Else a quiet alert would look like one that asks for a metric that is not there."""
    for rule in rules:
        if "alert" in rule:
            left = without_comparison(rule["expr"])
            assert left != rule["expr"]
            assert ">" not in left
            assert "==" not in left


def test_every_panel_is_asked_as_grafana_would(panels: list[dict[str, Any]]) -> None:
    """All queries, with nothing left for Grafana to fill in."""
    asked = list(panel_questions())
    assert len(asked) == sum(len(panel["targets"]) for panel in panels)
    assert all("$" not in question.expression for question in asked)
