"""What is counted, under which labels."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from prometheus_client import generate_latest

from service.batching.batcher import Batcher
from service.batching.engine import DeviceLost, EngineMode, ModelInfo
from service.batching.predictor import WorkPredictor
from service.batching.queue import AdmissionQueue
from service.batching.recipe import Recipe, point_of
from service.operations.metrics import Metrics, name_of
from service.registry.catalogue import Catalogue
from tests.service.function_engine import FunctionEngine
from tests.service.painter import card_named


def text(metrics: Metrics) -> str:
    """What Prometheus reads."""
    return generate_latest(metrics.registry).decode()


def recipes(*resolutions: int) -> list[Recipe]:
    """One recipe of model `m` for each resolution."""
    return [Recipe("m@decade", point_of(0), resolution) for resolution in resolutions]


def test_a_batch_is_counted_by_its_largest_resolution_and_its_images_by_their_own() -> None:
    """The largest resolution is where the time goes."""
    metrics = Metrics()
    metrics.batch_done(recipes(64, 256, 64), [0.1, 0.2, 0.3], 0.5)
    told = text(metrics)

    for line in (
        "progan_batch_size_sum 3.0",
        'progan_batch_duration_seconds_sum{resolution="256"} 0.5',
        'progan_images_total{model="m",resolution="64"} 2.0',
        'progan_images_total{model="m",resolution="256"} 1.0',
        "progan_queue_wait_seconds_count 3.0",
    ):
        assert line in told
    assert "decade" not in told


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MemoryError("no"), "out_of_memory"),
        (DeviceLost("no"), "device"),
        (ValueError("no"), "other"),
    ],
)
def test_faults_of_the_engine_are_counted_by_kind(error: Exception, kind: str) -> None:
    """Each is there from the start."""
    metrics = Metrics()
    assert f'progan_engine_errors_total{{kind="{kind}"}} 0.0' in text(metrics)
    metrics.batch_failed(error)

    assert f'progan_engine_errors_total{{kind="{kind}"}} 1.0' in text(metrics)


def test_a_hang_is_counted_though_nothing_was_raised() -> None:
    """As a kind of its own."""
    metrics = Metrics()
    metrics.engine_hung()

    assert 'progan_engine_errors_total{kind="hang"} 1.0' in text(metrics)


def watched() -> tuple[Metrics, Batcher]:
    """Metrics that watch a batcher whose engine does not run, so that everyone waits."""
    metrics, predictor = Metrics(), WorkPredictor()
    queue = AdmissionQueue(capacity=9, max_batch=4, max_work_s=9.0, predictor=predictor)
    engine = FunctionEngine(lambda _: [], lambda: 0.0)
    batcher = Batcher(engine, queue, predictor, metrics, clock=lambda: 0.0)
    metrics.watch(batcher)
    return metrics, batcher


def test_the_queue_is_read_at_each_scrape() -> None:
    """Depth by model, predicted seconds, heartbeat."""
    metrics, batcher = watched()
    batcher.submit(recipes(1000), 1.0)  # which the engine has taken
    batcher.submit(recipes(1000, 1000), 9.0)
    told = text(metrics)

    assert 'progan_queue_depth{model="m"} 2.0' in told
    assert "progan_queued_work_seconds 3.0" in told
    assert "progan_engine_heartbeat_age_seconds 0.0" in told


@pytest.mark.parametrize(
    ("exact", "refused", "ok"), [(True, {}, 1), (False, {}, 0), (True, {"bad": "why"}, 0)]
)
def test_the_self_test_is_good_when_every_model_is(
    exact: bool, refused: dict[str, str], ok: int
) -> None:
    """One that depends on its batch, or was refused, is enough to look."""
    metrics, _ = watched()
    mode = EngineMode("cpu", "fp32", "torch", exact)
    metrics.loaded(Catalogue({"a": ModelInfo(card_named("a"), mode)}, refused, "a"))
    told = text(metrics)

    assert f"progan_selftest_ok {ok}.0" in told
    assert 'progan_queue_depth{model="a"} 0.0' in told
    assert 'progan_images_total{model="a",resolution="32"} 0.0' in told
    assert (
        f'progan_model_info{{device="cpu",digest="{card_named("a").weights_sha256}",'
        'model="a",precision="fp32"} 1.0'
    ) in told


def test_a_model_that_is_replaced_or_removed_is_told_no_more() -> None:
    """Its images stay counted, since counters never fall."""
    metrics, _ = watched()
    old, new = card_named("a"), replace(card_named("a"), weights_sha256="0" * 64)
    mode = EngineMode("cpu", "fp32", "torch")
    both = {"a": ModelInfo(old, mode), "b": ModelInfo(card_named("b"), mode)}
    metrics.loaded(Catalogue(both, {}, "a"))
    metrics.loaded(Catalogue({"a": ModelInfo(new, mode)}, {}, "a", retiring=both))
    told = text(metrics)

    assert [new.weights_sha256] == re.findall(r'progan_model_info{.*digest="(\w+)"', told)
    assert ["a"] == re.findall(r'progan_queue_depth{model="(\w+)"}', told)
    assert 'progan_images_total{model="b",resolution="32"} 0.0' in told


def test_without_a_model_the_self_test_is_not_good() -> None:
    """Nothing was shown."""
    metrics, _ = watched()
    metrics.loaded(Catalogue({}, {}, None, no_default_reason="nothing there"))

    assert "progan_selftest_ok 0.0" in text(metrics)
    assert "progan_model_info{" not in text(metrics)


def test_the_label_of_a_model_is_its_name() -> None:
    """It outlives the digest."""
    assert (name_of("m@decade"), name_of("m")) == ("m", "m")
