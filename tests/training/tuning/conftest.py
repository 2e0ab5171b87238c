"""What the tests of tuning/ share: a request, measurements and outcomes."""

from collections.abc import Callable
from typing import Any

import pytest

from training.tuning.outcome import Measurement, TrialOutcome, TuningRequest


@pytest.fixture
def request_() -> TuningRequest:
    """Trials of 10 seconds at 8 px."""
    return TuningRequest(
        data="0" * 64,
        search=("discriminator_rate=0.5:2",),
        resolution=8,
        trial_seconds=10.0,
        real_swd=20.0,
        pictures=6,
    )


def measured(score: float = 2.0, percent: int = 100) -> Measurement:
    """A measurement with this score."""
    return Measurement(percent, 80, percent / 10, score, 20 * score, 0.9, 0.8)


@pytest.fixture
def make_outcome() -> Callable[..., TrialOutcome]:
    """Make the outcome of a trial, finished with a score or in another state."""

    def make(score: float | None = 2.0, **values: Any) -> TrialOutcome:
        plain: dict[str, Any] = {
            "state": "finished",
            "settings": {"discriminator_rate": 1.5},
            "seed": 0,
            "images_shown": 80,
            "processor_seconds": 10.0,
            "measurements": () if score is None else (measured(score),),
        }
        return TrialOutcome(**(plain | values))

    return make
