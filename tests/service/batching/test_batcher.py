"""Batches: delivery, faults, the end; with a small real engine on its thread."""

from __future__ import annotations

from concurrent.futures import CancelledError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from models.picture import Pixels
from service.batching.queue import PendingImage
from service.batching.recipe import Recipe
from service.errors import (
    DeadlinePassed,
    DeadlineTooNear,
    Draining,
    EngineFailed,
    EngineLost,
    QueueFull,
)
from tests.service.batching.stamping import (
    NEVER,
    PATIENCE_S,
    Stamp,
    hold,
    recipes,
    running,
    seed_in,
)
from tests.service.queue_machine import QueueMachine


def test_everyone_gets_the_image_of_their_own_recipe() -> None:
    """Also when they share batches."""
    with running(Stamp()) as (batcher, *_):
        tickets = batcher.submit(recipes(*range(10)), NEVER)

        assert list(range(10)) == [seed_in(ticket) for ticket in tickets]


def test_a_batch_grows_while_the_engine_is_busy() -> None:
    """No timer is needed: whoever waits when the engine is free goes together."""
    engine = Stamp()
    with running(engine) as (batcher, *_):
        hold(batcher, engine)
        tickets = [ticket for n in range(4) for ticket in batcher.submit(recipes(n), NEVER)]
        engine.gate.set()

        assert [4, 4, 4, 4] == [t.image.result(PATIENCE_S).batch_size for t in tickets]


def test_an_engine_that_raises_fails_its_batch_and_lives_on() -> None:
    """The next batch is computed as if nothing had happened."""
    engine = Stamp(faults=frozenset({13}))
    with running(engine) as (batcher, witness, _):
        (cursed,) = batcher.submit(recipes(13), NEVER)
        with pytest.raises(EngineFailed) as raised:
            cursed.image.result(PATIENCE_S)
        (fine,) = batcher.submit(recipes(7), NEVER)

        assert seed_in(fine) == 7
        assert isinstance(raised.value.__cause__, ValueError)
    assert ["this seed is cursed"] == [str(error) for error in witness.errors]


def test_an_engine_that_loses_an_image_fails_its_batch() -> None:
    """Nobody may get the image of another."""
    with running(lambda batch: Stamp()(batch)[1:]) as (batcher, *_):
        (ticket,) = batcher.submit(recipes(1), NEVER)

        with pytest.raises(EngineFailed):
            ticket.image.result(PATIENCE_S)


def test_an_observer_that_raises_stops_nothing() -> None:
    """Bookkeeping is not worth an outage."""

    def broken(*_: object) -> None:
        raise KeyError("metrics")

    with running(Stamp()) as (batcher, witness, engine):
        witness.batch_done = broken  # type: ignore[method-assign]
        for seed in (1, 2):
            (ticket,) = batcher.submit(recipes(seed), NEVER)
            assert seed_in(ticket) == seed
        assert engine.status().alive


def test_a_cancelled_ticket_is_never_computed() -> None:
    """Its client has gone before its turn."""
    engine = Stamp()
    with running(engine) as (batcher, *_):
        held = hold(batcher, engine)
        gone, staying = batcher.submit(recipes(1, 2), NEVER)
        gone.image.cancel()
        engine.gate.set()

        assert seed_in(staying) == 2
        assert seed_in(held) == 255
    assert engine.computed[1] == 0


def test_an_expired_ticket_is_told_and_never_computed() -> None:
    """Its deadline passed while another batch was computed."""
    engine, now = Stamp(), [0.0]
    with running(engine, clock=lambda: now[0]) as (batcher, *_):
        hold(batcher, engine)
        (late,) = batcher.submit(recipes(1), 5.0)
        now[0] = 6.0
        engine.gate.set()

        with pytest.raises(DeadlinePassed):
            late.image.result(PATIENCE_S)
    assert engine.computed[1] == 0


def test_a_full_line_refuses_at_once_and_says_when_to_try_again() -> None:
    """The time is what the queued work is predicted to take."""
    engine = Stamp()
    with running(engine, capacity=2) as (batcher, *_):
        batcher._predictor.observe(recipes(0), 4.0)
        hold(batcher, engine)
        batcher.submit(recipes(1, 2), NEVER)
        with pytest.raises(QueueFull) as raised:
            batcher.submit(recipes(3), NEVER)
        engine.gate.set()

    assert pytest.approx(8, abs=3) == raised.value.retry_after_s  # two wait, one is under way


def test_a_deadline_that_the_work_ahead_will_not_meet_is_refused_at_once() -> None:
    """With what was predicted; one that can be met is admitted behind the same work."""
    engine = Stamp()
    with running(engine) as (batcher, *_):
        hold(batcher, engine)
        batcher.submit(recipes(1, 2, resolution=1024), NEVER)  # 1.05 s each by the first guess
        with pytest.raises(DeadlineTooNear) as refused:
            batcher.submit(recipes(3, resolution=1024), 2.5)
        (patient,) = batcher.submit(recipes(4, resolution=1024), 4.0)
        engine.gate.set()

        assert refused.value.members["predicted_s"] == pytest.approx(3.146, abs=0.01)
        assert refused.value.retry_after_s == 1
        assert seed_in(patient) == 4
    assert engine.computed[3] == 0


def test_what_meets_an_idle_engine_goes_whatever_is_predicted() -> None:
    """A prediction that is wrong shows itself so, and cannot shut the service."""
    with running(Stamp()) as (batcher, *_):
        (ticket,) = batcher.submit(recipes(1, resolution=1024), 0.5)

        assert seed_in(ticket) == 1


def test_a_walk_that_could_never_be_done_in_time_is_not_begun() -> None:
    """Its later frames count; and to come back later would not help."""
    engine = Stamp()
    with running(engine) as (batcher, *_):
        with pytest.raises(DeadlineTooNear, match="fewer or smaller") as refused:
            batcher.submit(recipes(1), 5.0, later=recipes(*range(2, 12), resolution=1024))

        assert refused.value.retry_after_s is None
    assert not engine.computed


def test_queued_work_falls_while_a_batch_is_computed() -> None:
    """What is under way counts for what is left of it."""
    engine, now = Stamp(), [0.0]
    with running(engine, clock=lambda: now[0]) as (batcher, *_):
        batcher._predictor.observe(recipes(0), 4.0)
        hold(batcher, engine)
        at_first = batcher.queued_work_s()
        now[0] = 1.0
        later = batcher.queued_work_s()
        now[0] = 100.0
        overdue = batcher.queued_work_s()
        engine.gate.set()

    assert pytest.approx(1.0) == at_first - later
    assert overdue == 0.0


def test_the_heartbeat_ages_during_a_batch() -> None:
    """A hang is seen from outside."""
    engine, now = Stamp(), [0.0]
    with running(engine, clock=lambda: now[0]) as (batcher, *_):
        hold(batcher, engine)
        now[0] = 7.0
        age = batcher.heartbeat_age_s
        engine.gate.set()

    assert age == 7.0


def test_after_the_end_of_admission_what_was_admitted_is_finished() -> None:
    """Only new work is refused; a walk under way goes on."""
    engine = Stamp()
    with running(engine) as (batcher, *_):
        hold(batcher, engine)
        (admitted,) = batcher.submit(recipes(1), NEVER)
        batcher.stop_admitting()
        with pytest.raises(Draining):
            batcher.submit(recipes(2), NEVER)
        (later_frame,) = batcher.submit(recipes(3), NEVER, bounded=False)
        engine.gate.set()

        assert (1, 3) == (seed_in(admitted), seed_in(later_frame))


def test_stopping_gives_up_those_who_still_wait() -> None:
    """Each of them is told."""
    engine = Stamp()
    with running(engine) as (batcher, *_):
        held = hold(batcher, engine)
        (waiting,) = batcher.submit(recipes(1), NEVER)
        given_up = batcher.stop()
        engine.gate.set()

        assert given_up == 1
        assert seed_in(held) == 255
        with pytest.raises(Draining):
            waiting.image.result(PATIENCE_S)


def test_who_is_abandoned_is_told_even_while_the_batch_is_computed() -> None:
    """What the engine brings afterwards is for nobody."""
    engine = Stamp()
    with running(engine) as (batcher, witness, thread):
        held = hold(batcher, engine)
        (waiting,) = batcher.submit(recipes(1), NEVER)
        given_up = batcher.abandon(lambda: Draining("the end"))
        for ticket in (held, waiting):
            with pytest.raises(Draining, match="the end"):
                ticket.image.result(PATIENCE_S)
        with pytest.raises(Draining):
            batcher.submit(recipes(2), NEVER, bounded=False)
        engine.gate.set()
        assert thread.ended(PATIENCE_S)

    assert given_up == 2
    assert witness.sizes == [1]
    assert engine.computed[1] == 0


def test_a_thread_that_ends_tells_all_who_wait() -> None:
    """The batch under way, those behind it, and those who come later."""
    engine = Stamp()

    def end(batch: list[Recipe]) -> list[Pixels]:
        engine(batch)
        raise SystemExit(1)

    with running(end) as (batcher, _, thread):
        tickets = [hold(batcher, engine), *batcher.submit(recipes(1, 2), NEVER)]
        engine.gate.set()
        for ticket in tickets:
            with pytest.raises(EngineLost) as lost:
                ticket.image.result(PATIENCE_S)
            assert lost.value.retry_after_s
        assert not thread.status().alive
        assert isinstance(thread.status().fault, SystemExit)
        with pytest.raises(EngineLost):
            batcher.submit(recipes(3), NEVER, bounded=False)


def test_batches_are_smaller_after_one_that_did_not_fit() -> None:
    """Also those that form later."""
    engine = Stamp()

    def small(batch: list[Recipe]) -> list[Pixels]:
        if len(batch) > 2:
            raise MemoryError("no room")
        return engine(batch)

    with running(small) as (batcher, witness, _):
        for _ in range(2):
            tickets = batcher.submit(recipes(*range(6)), NEVER)
            assert [seed_in(ticket) for ticket in tickets] == list(range(6))

    assert [2, 2, 2, 2, 2, 2] == witness.sizes
    assert len(witness.errors) == 1


FATES = st.sampled_from(["stays", "cancels", "expires", "is cursed"])


STEPS = st.lists(
    st.tuples(st.lists(FATES, min_size=1, max_size=6), st.sampled_from(["a", "b"]), st.booleans()),
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(STEPS, st.integers(1, 5))
def test_no_image_is_lost_doubled_or_misdelivered(
    steps: list[tuple[list[str], str, bool]], max_batch: int
) -> None:
    """Whatever is cancelled, expires or fails, everyone hears exactly once, and of their own.

    Each step is a request of one model; its flag lets the engine run free or holds it, so that
    requests meet an idle engine, a busy one, and a line that others have left.
    """
    fates = [fate for request, _, _ in steps for fate in request]
    engine = Stamp(frozenset(n for n, fate in enumerate(fates) if fate == "is cursed"))
    tickets: list[PendingImage] = []
    with running(engine, max_batch=max_batch) as (batcher, witness, thread):
        for request, model, free in steps:
            engine.gate.set() if free else engine.gate.clear()
            first = len(tickets)
            for n, fate in enumerate(request, first):
                late = fate == "expires"  # as a later frame, which no prediction refuses
                deadline = -1.0 if late else NEVER
                tickets += batcher.submit(recipes(n, model=model), deadline, bounded=not late)
                if fate == "cancels":
                    tickets[n].image.cancel()
        engine.gate.set()
        for n, (ticket, fate) in enumerate(zip(tickets, fates, strict=True)):
            _assert_fate(n, ticket, fate, engine)
        assert thread.status().alive
    assert max(engine.computed.values(), default=1) == 1
    assert max(witness.sizes, default=1) <= max_batch


def _assert_fate(n: int, ticket: PendingImage, fate: str, engine: Stamp) -> None:
    """One outcome for each ticket, and the one that its fate allows."""
    try:
        seed = int(ticket.image.result(PATIENCE_S).pixels[0, 0, 0])
    except CancelledError:
        assert fate == "cancels"
        assert engine.computed[n] == 0
    except DeadlinePassed:
        assert fate == "expires"
        assert engine.computed[n] == 0
    except EngineFailed:
        assert engine.computed[n] == 1
        assert fate != "expires"
    else:
        assert seed == n
        assert fate in ("stays", "cancels")  # a cancel may come after its batch has begun


@pytest.mark.timeout(600)
def test_nothing_that_can_happen_loses_doubles_or_misroutes_an_image() -> None:
    """Requests, cancels, deadlines, faults, swaps and the end, in any order; all of them occur."""
    QueueMachine.fates.clear()

    run_state_machine_as_test(
        QueueMachine, settings=settings(max_examples=60, stateful_step_count=50, deadline=None)
    )

    assert (+QueueMachine.fates).keys() == {
        *("NoneType", "CancelledError", "DeadlinePassed", "EngineFailed", "Draining")
    }
