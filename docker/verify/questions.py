"""PromQL queries of panels and rules, and their results from Prometheus.

Owns the collection of the expressions and the values of Grafana's variables. An alert is queried
without its comparison, so that it returns data even if it does not fire.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DASHBOARDS = Path(__file__).parents[1] / "grafana" / "dashboards"
# Values that replace Grafana's variables.
VARIABLES = {"$__rate_interval": "1m", "$instance": ".*", "$model": ".*"}
# A comparison with a number, or with a product in parentheses, as in the burn rates.
COMPARISON = re.compile(r"(?:==|!=|>=|<=|>|<)\s*(?:\([\d.\s*]+\)|[\d.]+)")
QUOTED_OR_NOT = re.compile(r'("[^"]*")')


@dataclass(frozen=True)
class Question:
    """One expression of a panel, an alert or a recording rule."""

    asker: str
    expression: str
    is_alert: bool = False


@dataclass(frozen=True)
class Answer:
    """The number of series in a result, the value of the first, and the error, if there was one."""

    series: int
    value: str
    error: str = ""


def panel_questions() -> Iterator[Question]:
    """Yield every query of every panel, as Grafana would send it."""
    for path in sorted(DASHBOARDS.glob("*.json")):
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            for target in panel.get("targets", []):
                expression = target["expr"]
                for variable, value in VARIABLES.items():
                    expression = expression.replace(variable, value)
                yield Question(f"{path.stem}: {panel['title']} {target['refId']}", expression)


def rule_questions(prometheus: str) -> Iterator[Question]:
    """Yield every rule that the Prometheus at this address has loaded."""
    for group in fetch(prometheus, "rules")["groups"]:
        for rule in group["rules"]:
            yield Question(rule["name"], rule["query"], rule["type"] == "alerting")


def without_comparison(expression: str) -> str:
    """Remove comparisons such as `> 5` outside quotes; what remains is the value they test."""
    parts = QUOTED_OR_NOT.split(expression)
    return "".join(p if p.startswith('"') else COMPARISON.sub("", p) for p in parts)


def ask(prometheus: str, question: Question) -> Answer:
    """Query the Prometheus at this address for the current value."""
    expression = question.expression
    if question.is_alert:
        expression = without_comparison(expression)
    try:
        result = fetch(prometheus, "query", query=expression)["result"]
    except urllib.error.HTTPError as error:
        return Answer(0, "", json.loads(error.read())["error"])
    return Answer(len(result), result[0]["value"][1] if result else "")


def fetch(prometheus: str, what: str, **parameters: str) -> dict[str, Any]:
    """Return the data of one call of Prometheus's HTTP API."""
    address = f"http://{prometheus}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
    with urllib.request.urlopen(address, timeout=30) as response:
        data: dict[str, Any] = json.load(response)["data"]
    return data
