"""A service process to measure: it comes, it weighs something, it goes."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import pytest

from bench.served import service


@pytest.mark.slow
def test_a_service_runs_until_the_block_ends(bundles: Path) -> None:
    """Ready from the first line of the block, with a weight a Python process can have."""
    with service(bundles=bundles, threads=1) as served:
        with urllib.request.urlopen(f"{served.address}/images/7") as answer:
            assert answer.status == 200
        assert 20 < served.resident_mib() < 4000
    assert served.process.poll() == 0


def test_a_service_that_ends_by_itself_says_why() -> None:
    """The end of its log, and no waiting."""
    with pytest.raises(SystemExit, match="PROGAN_THREADS"), service(threads="many"):
        pass
