"""The rules and the configuration as Prometheus itself reads them, and the stories they must tell.

No package of PyPI or npm ships promtool, so these run where it is on the path (Debian: package
prometheus); `make verify-ops` demands it.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from docker.verify.__main__ import CHECKS

pytestmark = pytest.mark.skipif(
    shutil.which("promtool") is None,
    reason="promtool is not on PATH (Debian: apt-get install prometheus)",
)


@pytest.mark.parametrize("check", CHECKS, ids=" ".join)
def test_prometheus_takes_it(root: Path, check: tuple[str, ...]) -> None:
    """Its syntax, and every alert's story."""
    run = subprocess.run(
        ["promtool", *check], cwd=root, capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stdout + run.stderr


def test_a_rule_that_cannot_be_evaluated_is_refused(root: Path, tmp_path: Path) -> None:
    """Else the checks would prove nothing."""
    broken = tmp_path / "alerts.yml"
    rules = (root / "docker/alerts.yml").read_text(encoding="utf-8")
    broken.write_text(rules.replace("sum", "sumptuous"), encoding="utf-8")
    run = subprocess.run(
        ["promtool", "check", "rules", str(broken)], capture_output=True, check=False
    )

    assert run.returncode != 0
