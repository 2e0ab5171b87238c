"""A training process that is killed again and again ends as one that was left alone."""

import json
import random
import re
import time
from pathlib import Path

import pytest

from tests.training.command_process import CommandProcess, run_from_scratch
from tests.training.prepared import write_prepared

KILLS = 2
HELD, FADING = 96, 192  # images of each level
IMAGES = HELD + 2 * (FADING + HELD)
SETTINGS = (
    *("network.latent_size=8", "network.fmap_base=32", "network.fmap_max=8"),
    *("levels.*.batch_size=4", f"levels.*.stable_images={HELD}"),
    *(f"levels.8.fade_images={FADING}", f"levels.16.fade_images={FADING}"),
    *("tick_images=64", "penalty_share=1", "mirror=true"),
)


def words_of(data: Path, run: Path) -> list[object]:
    """The one command that begins a run and goes on with it."""
    words: list[object] = ["train", "--data", data, "--run", run, "--preset", "tiny"]
    words += ["--device", "cpu", "--threads", 1]
    return words + [word for setting in SETTINGS for word in ("--set", setting)]


def newest(run: Path) -> Path | None:
    """The record of the last checkpoint."""
    return max((run / "checkpoints").glob("*.json"), default=None)


def images_of(record: Path | None) -> int:
    """How many images it was written after."""
    return int(record.stem.removeprefix("checkpoint-")) if record else 0


def kill_after(command: CommandProcess, run: Path, images: int, delay: float) -> str:
    """`kill -9` some time after a checkpoint of so many images is there; what it had said."""
    while images_of(newest(run)) < images:
        assert command.process.poll() is None, command.told
        time.sleep(0.002)
    time.sleep(delay)
    return command.kill()


def lasting(run: Path) -> dict[str, bytes]:
    """The bytes that must not depend on interruptions: journal, grids, and the last tensors."""
    record = newest(run)
    assert record
    paths = [run / "config.json", run / "data.json", run / "journal.jsonl"]
    paths += [*sorted((run / "samples").iterdir()), record.with_suffix(".safetensors")]
    return {path.name: path.read_bytes() for path in paths}


def resumed_at(said: str) -> tuple[int, str]:
    """Images and growth, as the process told them."""
    found = re.search(r"resuming after ([\d,]+) images, (.+)", said)
    assert found, said
    return int(found[1].replace(",", "")), found[2]


def growth_after(images: int) -> str:
    """By hand: 4 px held, then fading in and held at 8 and at 16 px."""
    if images < HELD:
        return "4 px held"
    level, position = divmod(images - HELD, FADING + HELD)
    size = (8, 16)[min(level, 1)]
    if level < 2 and position < FADING:
        return f"{size} px fading in, alpha {position / FADING:.2f}"
    return f"{size} px held"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_run_killed_at_random_moments_ends_in_the_same_bytes(tmp_path: Path) -> None:
    """Journal, grids and last checkpoint; and each resumption tells truly where it stands."""
    seed = random.SystemRandom().randrange(10**6)
    print(f"moments of kill -9 drawn with seed {seed}")  # noqa: T201 - shown when the test fails
    chance = random.Random(seed)
    moments = sorted(chance.sample(range(64, IMAGES - 256, 64), KILLS))
    data = write_prepared(tmp_path / "data", resolution=16)
    run_from_scratch(*words_of(data, tmp_path / "undisturbed"))
    run = tmp_path / "killed"
    words = words_of(data, run)

    expected = 0
    for images in moments:
        command = CommandProcess(tmp_path / f"log-{images}", *words)
        said = kill_after(command, run, images, delay=chance.uniform(0, 0.05))
        if expected:
            assert resumed_at(said) == (expected, growth_after(expected))
        expected = images_of(newest(run))
        assert expected >= images
    said = CommandProcess(tmp_path / "log", *words).finish()

    assert resumed_at(said) == (expected, growth_after(expected))
    assert f"finished after {IMAGES:,} images" in said
    assert lasting(run) == lasting(tmp_path / "undisturbed")
    last = json.loads((run / "journal.jsonl").read_text().splitlines()[-1])
    assert last["images_shown"] == IMAGES
