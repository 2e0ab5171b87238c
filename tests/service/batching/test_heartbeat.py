"""The pulse of the engine's thread."""

from __future__ import annotations

from service.batching.heartbeat import Heartbeat


def test_silence_counts_only_beyond_what_the_work_may_take() -> None:
    """A long batch is no hang."""
    now = [100.0]
    heart = Heartbeat(lambda: now[0])
    assert heart.beat(allowed_s=5.0) == 100.0
    now[0] = 104.0
    assert (heart.age_s, heart.overdue_s) == (4.0, 0.0)
    now[0] = 107.0
    assert (heart.age_s, heart.overdue_s) == (7.0, 2.0)


def test_a_beat_begins_anew_with_nothing_allowed() -> None:
    """What was allowed for the last work is not for the next."""
    now = [0.0]
    heart = Heartbeat(lambda: now[0])
    heart.beat(allowed_s=60.0)
    heart.beat()
    now[0] = 1.0

    assert heart.overdue_s == 1.0
    assert heart.last == 0.0
