"""How the engine is, and what follows: readiness, liveness, the end of the process."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

import pytest

from models.picture import Pixels
from service.batching.batcher import Batcher
from service.batching.engine import DeviceLost
from service.batching.recipe import Recipe
from service.engine.torch_engine import LOAD_S, STEP_S
from service.errors import EngineFailed, EngineLost, EngineSilent, NotReady
from service.operations.engine_health import Condition, EngineHealth
from service.operations.metrics import Metrics
from tests.service.batching.test_batcher import (
    NEVER,
    PATIENCE_S,
    Stamp,
    hold,
    recipes,
    running,
    seed_in,
)
from tests.service.function_engine import FunctionEngine
from tests.service.painter import wait_until

STALL_S, HANG_S = 10.0, 50.0


@contextmanager
def watched(
    run: Callable[[list[Recipe]], Sequence[Pixels]], now: list[float]
) -> Generator[tuple[EngineHealth, Batcher, FunctionEngine]]:
    """The health of an engine whose clock stands until it is moved."""
    with running(run, clock=lambda: now[0], stall_s=STALL_S) as (batcher, _, engine):
        yield EngineHealth(engine, Metrics(), stall_s=STALL_S, hang_s=HANG_S), batcher, engine


def hung_count(health: EngineHealth) -> float | None:
    """How often a hang was counted."""
    return health._metrics.registry.get_sample_value("progan_engine_errors_total", {"kind": "hang"})


def test_a_stall_costs_readiness_then_liveness_then_the_process(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """And it is told once each, and counted once."""
    engine, now = Stamp(), [0.0]
    caplog.set_level(logging.INFO)
    with watched(engine, now) as (health, batcher, _):
        hold(batcher, engine)  # 64 px: 4 ms by the first guess
        assert not health.check()
        health.require_ready()

        now[0] = STALL_S + 1
        assert [health.check(), health.check()] == [False, False]
        health.require_alive()
        with pytest.raises(NotReady, match="done 11 s ago"):
            health.require_ready()
        with pytest.raises(EngineSilent) as refused:
            batcher.submit(recipes(1), NEVER)

        now[0] = HANG_S + 1
        assert not health.check()
        with pytest.raises(NotReady, match="hangs.*restart"):
            health.require_alive()

        now[0] = 2 * HANG_S + 1
        assert health.check()
        engine.gate.set()

        assert refused.value.retry_after_s
        assert hung_count(health) == 1
    told = [record.message for record in caplog.records if "overdue" in record.message]
    assert [line.partition(",")[0] for line in told] == [
        "the engine is stalled",
        "the engine is hung",
    ]


def test_an_engine_that_answers_after_all_is_healthy_again() -> None:
    """Nothing need be restarted, and work is admitted."""
    engine, now = Stamp(), [0.0]
    with watched(engine, now) as (health, batcher, _):
        held = hold(batcher, engine)
        now[0] = STALL_S + 1
        assert health.condition is Condition.STALLED
        health.check()
        engine.gate.set()
        assert seed_in(held) == 255
        wait_until(lambda: health.condition is Condition.HEALTHY)

        assert not health.check()
        health.require_ready()
        assert seed_in(batcher.submit(recipes(3), NEVER)[0]) == 3


def test_a_long_honest_batch_is_no_hang() -> None:
    """Twelve seconds were predicted: thirty are fine, a hundred are not."""
    engine, now = Stamp(), [0.0]
    with watched(engine, now) as (health, batcher, _):
        for _ in range(99):
            batcher._predictor.observe(recipes(0), 12.0)
        hold(batcher, engine)
        now[0] = 30.0
        while_honest = health.condition
        now[0] = 100.0
        too_long = health.condition
        engine.gate.set()

    assert (while_honest, too_long) == (Condition.HEALTHY, Condition.HUNG)


def test_loading_is_no_hang_unless_it_never_ends() -> None:
    """It may take minutes: a cold disk, a driver that compiles."""
    now, inside, gate = [0.0], threading.Event(), threading.Event()

    def load() -> bool:
        inside.set()
        return gate.wait(PATIENCE_S)

    with watched(Stamp(), now) as (health, _, engine):
        loading = engine.thread.run(load, LOAD_S)
        assert inside.wait(PATIENCE_S)
        now[0] = LOAD_S
        while_loading = health.condition
        now[0] = LOAD_S + HANG_S + 1
        for_ever = health.condition
        gate.set()
        assert loading.result(PATIENCE_S)

    assert (while_loading, for_ever) == (Condition.HEALTHY, Condition.HUNG)


def test_a_step_between_batches_that_hangs_is_noticed_soon() -> None:
    """Not only after as long as loading may take."""
    now, inside, gate = [0.0], threading.Event(), threading.Event()

    def step() -> bool:
        inside.set()
        return gate.wait(PATIENCE_S)

    with watched(Stamp(), now) as (health, _, engine):
        stepping = engine.thread.run(step, STEP_S)
        assert inside.wait(PATIENCE_S)
        now[0] = STEP_S + HANG_S + 1
        hung = health.condition
        gate.set()
        assert stepping.result(PATIENCE_S)

    assert hung is Condition.HUNG
    assert STEP_S + HANG_S < LOAD_S


@pytest.mark.parametrize(("error", "at_once"), [(DeviceLost("x"), True), (SystemExit(1), False)])
def test_an_engine_whose_thread_has_ended_is_not_alive(error: BaseException, at_once: bool) -> None:
    """A lost device ends the process at once; any other end when nobody has restarted it."""
    now = [0.0]

    def end(_: object) -> list[Pixels]:
        raise error

    with watched(end, now) as (health, batcher, engine):
        (ticket,) = batcher.submit(recipes(1), NEVER)
        with pytest.raises((EngineFailed, EngineLost)):
            ticket.image.result(PATIENCE_S)
        assert engine.ended(PATIENCE_S)
        with pytest.raises(NotReady, match="thread has ended"):
            health.require_alive()
        with pytest.raises(EngineLost):
            batcher.submit(recipes(2), NEVER)
        assert health.check() is at_once
        now[0] = 2 * HANG_S + 1
        assert health.check()
