"""Ten times more than the engine can do, for a minute."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.conftest import Expected, Note
from tests.faults.crowd import arrive
from tests.faults.process import Service, until

EACH_S = 0.2  # that an image takes: five a second
OVERLOAD = 10.0
LASTS_S = 60.0
WARM_S = 10.0  # of the same, for what a first crowd needs and stays
QUEUE_S = 4.0
RESOLUTIONS = (4, 8, 16, 32)


def computed(service: Service) -> float:
    """Images of all resolutions."""
    labels = (f'{{model="tiny-32",resolution="{r}"}}' for r in RESOLUTIONS)
    return sum(service.metric(f"progan_images_total{each}") for each in labels)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_ten_times_too_much_for_a_minute_loses_nothing_that_was_admitted(
    bundles: Path, tmp_path: Path, expected: Expected, note: Note
) -> None:
    """Right pictures or a true 503; then it is as it was before."""
    rate = OVERLOAD / EACH_S
    asked = [(n % 200, RESOLUTIONS[n % 4]) for n in range(int(rate * LASTS_S))]
    lines = [f"GET /images/{seed}?resolution={resolution}" for seed, resolution in asked]
    right = {line: expected(*each) for line, each in zip(lines, asked, strict=True)}
    with Service(
        bundles, tmp_path, queue_work_s=str(QUEUE_S), deadline_s="30", max_batch="8"
    ) as service:
        service.wait_until_ready()
        service.order(each_s=EACH_S)
        asyncio.run(arrive(service.port, lines[: int(rate * WARM_S)], rate))
        until(lambda: service.metric("progan_queued_work_seconds") == 0)
        before, had = service.memory_mb(), computed(service)

        answers = asyncio.run(arrive(service.port, lines, rate))

        ended = time.monotonic()
        until(lambda: service.metric("progan_queued_work_seconds") == 0)
        drained_s = time.monotonic() - ended
        began = time.monotonic()
        assert service.status("/images/7") == 200
        recovery_s = drained_s + time.monotonic() - began
        made = computed(service) - had - 1
        after = service.memory_mb()

    statuses = Counter(answer.status for answer in answers)
    served = [answer for answer in answers if answer.status == 200]
    waits = [int(answer.headers["retry-after"]) for answer in answers if answer.status == 503]
    assert set(statuses) == {200, 503}
    assert len(served) == made  # who was admitted was served, and nobody else was computed
    assert all(answer.headers["x-pixel-sha256"] == right[answer.line] for answer in served)
    assert len(waits) > len(answers) / 2
    # What is said to those refused is what is queued: neither a guess nor a constant of hours.
    assert max(waits) <= QUEUE_S + 8 * EACH_S + 2
    assert drained_s <= max(waits)
    assert after - before < 40
    slowest = max(answer.took_s for answer in served)
    seen = f"{statuses[200]} x 200, right, {slowest:.1f} s at most; {statuses[503]} x 503"
    note(f"{OVERLOAD:.0f} x load for {LASTS_S:.0f} s", seen, recovery_s, (before, after))
