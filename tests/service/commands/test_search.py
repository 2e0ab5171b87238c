"""`python -m service search`: the range, the cost in advance, and where to go on."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
from PIL import Image

from models.latent import MAX_SEED
from service.batching.recipe import Recipe, point_of
from service.commands.local_models import LocalModels
from service.commands.search import add_arguments, run, seed_range
from service.settings import Settings
from tests.service.pictures import painted


@pytest.fixture
def local(settings: Settings, bundles: Path) -> Settings:
    """Settings with the tiny bundle."""
    return settings.model_copy(update={"bundles": (bundles,)})


@pytest.fixture
def picture(local: Settings, tmp_path: Path) -> Path:
    """The picture of seed 700, compressed, without metadata."""
    models = LocalModels(local)
    (pixels,) = models.render([Recipe(models.find("tiny-32").pinned_name, point_of(700), 32)])
    path = tmp_path / "picture.jpg"
    Image.fromarray(pixels).save(path, quality=90)
    return path


def searched(settings: Settings, *arguments: str | Path | int) -> int:
    """The exit code of the command, whose first comparison is at full size."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    words = ["--model", "tiny-32", "--first", "32", *map(str, arguments)]
    return run(parser.parse_args(words), settings)


def test_a_seed_is_found_and_its_cost_is_said_first(
    local: Settings, picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The result on stdout, all else on stderr."""
    assert searched(local, picture, "--from", 400, "--count", 512) == 0
    told = capsys.readouterr()

    assert told.out.startswith("found:\n  seed 700: PSNR ")
    assert told.err.startswith("512 seeds at 32 px: ")
    assert "seeds a second" in told.err


def test_a_range_without_the_seed_has_another_exit_code(
    local: Settings, picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The most similar ones are shown as what they are."""
    assert searched(local, picture, "--count", 64, "--json") == 1
    found = json.loads(capsys.readouterr().out)

    assert found["found"] is False
    assert [each["similar"] for each in found["candidates"]] == [False] * 3


def test_a_search_that_is_stopped_says_where_to_go_on(
    local: Settings,
    picture: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And shows what it found so far."""
    looked: list[int] = []

    def stop_after_one(_search: object, seeds: range) -> None:
        if looked:
            raise KeyboardInterrupt
        looked.extend(seeds)

    monkeypatch.setattr("service.commands.search.SeedSearch.look_at", stop_after_one)
    searched(local, picture, "--from", 5, "--count", 1000)

    assert "stopped after 256 seeds; go on with --from 261 --count 744" in capsys.readouterr().err


def test_what_cannot_be_searched_is_said(
    local: Settings, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A part of a picture, a class that there is not, a range beyond all seeds, a missing file."""
    wide = tmp_path / "wide.png"
    Image.fromarray(painted(32)[:16]).save(wide)

    assert searched(local, wide) == 2
    assert searched(local, picture, "--label", "cat") == 2
    assert searched(local, picture, "--from", MAX_SEED) == 2
    assert searched(local, tmp_path / "missing.png") == 2
    told = capsys.readouterr().err
    assert "parts of pictures are not found" in told
    assert "it has no labels" in told
    assert "seeds lie from 0 to" in told


def test_ranges_lie_among_the_seeds() -> None:
    """All of them, up to the last."""
    assert seed_range(MAX_SEED, 1) == range(MAX_SEED, MAX_SEED + 1)
    for start, count in ((0, 0), (-1, 1), (MAX_SEED, 2)):
        with pytest.raises(ValueError, match="seeds lie from 0"):
            seed_range(start, count)
