"""A log that cannot be written: the disk is full, or nobody reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.conftest import Expected, Note
from tests.faults.process import Service

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full"),
]


@pytest.mark.slow
def test_a_full_disk_costs_log_lines_and_nothing_else(
    bundles: Path, tmp_path: Path, expected: Expected, note: Note
) -> None:
    """Every picture comes, memory stays, and SIGTERM ends it with 0."""
    with Service(bundles, tmp_path, log=Path("/dev/full")) as service:
        service.wait_until_ready()
        before = service.memory_mb()
        digests = [
            service.client.get(f"/images/{seed}").headers["x-pixel-sha256"] for seed in range(200)
        ]
        after = service.memory_mb()
        service.process.terminate()
        code = service.ended()

    assert digests == [expected(seed, 32) for seed in range(200)]
    assert code == 0
    assert after - before < 20
    note("disk full for the log", "200 of 200 x 200, right; exit 0", memory_mb=(before, after))
