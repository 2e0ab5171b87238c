"""The trial of exact resume sees what it should see."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.kills import Run, differing, options_of
from bench.learning.noise import write_noise

SMALL = (
    *("network.latent_size=8", "network.fmap_base=32", "network.fmap_max=8"),
    *("levels.*.batch_size=4", "levels.*.stable_images=32", "tick_images=32"),
    *("levels.8.fade_images=32", "levels.16.fade_images=32"),
)


def test_a_file_that_differs_or_is_missing_is_named() -> None:
    """On either side."""
    one = {"same": b"1", "changed": b"2", "only here": b"3"}
    other = {"same": b"1", "changed": b"x", "only there": b"4"}

    assert ["changed", "only here", "only there"] == differing(one, other)
    assert [] == differing(one, dict(one))


@pytest.mark.slow
def test_a_run_is_killed_goes_on_and_ends(tmp_path: Path) -> None:
    """A life that outlasts the run is no kill; what lasts is there at the end."""
    write_noise(tmp_path / "data", 16, 8)
    options = options_of([word for setting in SMALL for word in ("--set", setting)])
    run = Run(options, tmp_path / "data", tmp_path / "run")

    death = run.kill_after(0.0)
    assert death is not None
    assert death.lived_s == 0.0
    assert run.kill_after(60.0) is None

    with pytest.raises(SystemExit, match="fewer than the largest batch"):
        Run(options_of(["--set", "seed=5"]), tmp_path / "data", tmp_path / "run").kill_after(60.0)
    assert {"config.json", "data.json", "journal.jsonl"} < run.lasting().keys()
    assert any(name.endswith(".safetensors") for name in run.lasting())
