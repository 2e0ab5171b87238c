"""Verify the monitoring with a real service, a real Prometheus and a minute of traffic.

Owns the verification that the rules pass their tests, and that every expression of every panel and
alert gets data from a Prometheus that scrapes the service; prints the results as a table. Needs
`prometheus` and `promtool` (Debian: package prometheus); installs nothing. The exit code is 1 if an
expression has no data.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from docker.verify.processes import ROOT, SCRAPE_S, prometheus, service
from docker.verify.questions import Answer, Question, ask, panel_questions, rule_questions
from docker.verify.traffic import send_traffic

EVALUATIONS = 3  # to wait for after the traffic: recording rules may depend on each other
CHECKS = (
    ("check", "config", "docker/prometheus.yml"),
    ("check", "rules", "docker/alerts.yml"),
    ("test", "rules", "docker/alerts_test.yml"),
)


def main() -> int:
    """Run the verification; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m docker.verify", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="how long to send traffic")
    seconds = parser.parse_args().seconds
    for program in ("prometheus", "promtool"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is not on PATH: install it (Debian: apt-get install prometheus)")
    for check in CHECKS:
        subprocess.run(["promtool", *check], cwd=ROOT, check=True)
    return report(answers_under_load(seconds))


def answers_under_load(seconds: float) -> dict[Question, Answer]:
    """Start both processes, send traffic for `seconds`, and query every expression."""
    with (
        tempfile.TemporaryDirectory() as folder,
        service() as service_at,
        prometheus(Path(folder), service_at) as prometheus_at,
    ):
        send_traffic(service_at, seconds)
        time.sleep(EVALUATIONS * SCRAPE_S)
        questions = [*panel_questions(), *rule_questions(prometheus_at)]
        return {question: ask(prometheus_at, question) for question in questions}


def report(answers: dict[Question, Answer]) -> int:
    """Print one line for each expression; return 1 if one has no data, else 0."""
    silent = 0
    for question, answer in answers.items():
        silent += answer.series == 0
        found = f"{answer.series:3d} series" if answer.series else answer.error or "NO DATA"
        sys.stdout.write(f"{question.asker:60s} {found:12s} {answer.value}\n")
    sys.stdout.write(f"{len(answers)} expressions, {silent} without data\n")
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main())
