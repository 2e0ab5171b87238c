"""The promise of a seed, over two thousand seeds: alone, in company, under load, elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.promise import broken, opened, options_of
from bench.promise_recipes import shuffled
from models.families.progan.config import ProganConfig
from service.batching.recipe import Recipe, point_of
from tests.conftest import write_bundle

CONFIG = ProganConfig(resolution=32, channels=3, latent_size=16, fmap_base=128, fmap_max=16)


@pytest.mark.slow
@pytest.mark.timeout(900)  # three passes over all seeds here and one in another process
@pytest.mark.parametrize(("precision", "seeds"), [("fp32", 2000), ("bf16", 2000)])
def test_two_thousand_seeds_give_the_same_pixels_in_every_company(
    tmp_path: Path, precision: str, seeds: int
) -> None:
    """Byte for byte, at every resolution; `make verify-seeds` does so with the shipped models."""
    write_bundle(tmp_path, "tiny-32", CONFIG)
    words = f"--seeds {seeds} --bundles {tmp_path} --threads 1 --precision {precision}"
    options = options_of(words.split())
    models = opened(options)

    found = broken(models, options)

    assert all(model.served.mode.exact for model in models.loaded.values())
    ways = ("in mixed batches", "in other places", "under load", "after a restart")
    assert found == {"tiny-32": dict.fromkeys(ways, 0)}


def test_company_is_another_each_time() -> None:
    """The trial would prove nothing if batches and places repeated."""
    recipes = [Recipe("m", point_of(seed), 8) for seed in range(100)]
    first, second = shuffled(recipes, 1), shuffled(recipes, 2)

    assert first == shuffled(recipes, 1)
    assert first != second
    assert set(recipes) == {r for batch in first for r in batch}
    assert {len(batch) for batch in first + second} == set(range(1, 9))


@pytest.mark.parametrize("asked", ["--frontends", "--replicas"])
def test_plain_pictures_are_not_compared_with_those_of_processes_with_openvino(
    asked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every picture that rounds otherwise there would be told as a broken promise."""
    with pytest.raises(SystemExit):
        options_of(["--plain", asked, "2"])

    assert "--plain does not reach" in capsys.readouterr().err
