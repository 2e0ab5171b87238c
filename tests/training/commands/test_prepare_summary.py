"""The closing words of `prepare`, by the command itself."""

import json
import os
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.training.prepared import write_prepared
from training.command_line import build_parser
from training.commands.prepare_summary import next_command
from training.data.stream import open_prepared

ROOT = Path(__file__).parents[3]


def draw(path: Path, size: tuple[int, int] = (16, 16)) -> None:
    """Put a picture of noise there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(len(path.name)).integers(0, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(noise).save(path)


def prepared(
    source: Path, out: Path, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, str]:
    """The exit status of the command, and what it printed."""
    options = build_parser().parse_args(
        ["prepare", str(source), str(out), "--workers", "1", "--resolution", "16", *words]
    )
    status = options.run_command(options)
    return status, capsys.readouterr().err


def test_reasons_are_grouped_with_the_option_that_helps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """However many pictures there are; and a great loss is a warning."""
    for number in range(12):
        draw(tmp_path / f"in/wide-{number}.png", (30 + number, 20))
    draw(tmp_path / "in/small.png", (9, 9))
    for number in range(3):
        draw(tmp_path / f"in/good-{number}.png")
    (tmp_path / "in/web.jpg").write_text("<!doctype html>")
    status, said = prepared(tmp_path / "in", tmp_path / "out", capsys)

    assert status == 0
    assert "14 (82%), each of them named in" in said.replace("\n", "")
    assert "12 is not square; --fit crop takes its middle" in said
    assert "1 is too small; a lower --resolution takes them" in said
    assert "1 is a web page, and no picture" in said
    assert "warning: 14 of 17 pictures were skipped" in said


def test_a_small_loss_is_no_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A fifth may be lost quietly, though not without its reasons."""
    for number in range(9):
        draw(tmp_path / f"in/{number}.png")
    draw(tmp_path / "in/small.png", (9, 9))
    _, said = prepared(tmp_path / "in", tmp_path / "out", capsys)

    assert "1 is too small" in said
    assert "warning" not in said


def test_what_was_passed_over_and_noted_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the reason of each group."""
    draw(tmp_path / "in/a.png")
    (tmp_path / "in/b.png").write_bytes((tmp_path / "in/a.png").read_bytes()[:-12])
    (tmp_path / "in/notes.txt").touch()
    (tmp_path / "in/lost.png").symlink_to(tmp_path / "nowhere.png")
    _, said = prepared(tmp_path / "in", tmp_path / "out", capsys)

    for words in (
        "1 dead link",
        "1 no picture (.txt)",
        "1 end of the file missing, all pixels there",
    ):
        assert words in said


def test_classes_are_named_with_their_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And those of which no picture could be used are left out, which is said."""
    for name in ("cat/1.png", "cat/2.png", "dog/1.png"):
        draw(tmp_path / "in" / name)
    draw(tmp_path / "in/cow/1.png", (16, 9))
    _, said = prepared(tmp_path / "in", tmp_path / "out", capsys)

    assert "2: cat (2), dog (1)" in said
    assert "warning: left out, since they have no usable picture: cow" in said


def test_pictures_of_a_dozen_values_are_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twelve bits in a file of sixteen, taken by their type."""
    (tmp_path / "in").mkdir()
    ramp = np.tile(np.linspace(0, 4095, 16).astype(np.uint16), (16, 1))
    Image.fromarray(ramp).save(tmp_path / "in/a.png")
    _, said = prepared(tmp_path / "in", tmp_path / "out", capsys)
    assert "values, 0 to 16 of 255: if their files hold more" in said

    words = ("--range=auto", "--replace")
    _, said = prepared(tmp_path / "in", tmp_path / "out", capsys, *words)
    assert "of 255" not in said


def test_the_next_command_can_be_pasted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Although there are blanks in names; few pictures are trained with augmentation."""
    for number in range(40):
        draw(tmp_path / f"my photos/{number}.png")
    out = tmp_path / "my data (2026)"
    _, said = prepared(tmp_path / "my photos", out, capsys)
    line = next(line for line in said.splitlines() if "training train" in line).strip()

    assert "pictures are few" in said
    python, *words = shlex.split(line)
    assert python == ".venv/bin/python"
    assert words[words.index("--data") + 1] == str(out)
    assert "augment=color,translation,cutout" in words
    pasted = shlex.join([sys.executable, *words, "--dry-run", "--device", "cpu"])
    done = subprocess.run(
        pasted,
        shell=True,  # as a person would
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("domains", "family"), [(2, "cyclegan"), (3, "stargan"), (9, "stargan")])
def test_the_next_command_fits_the_number_of_domains(
    domains: int, family: str, tmp_path: Path
) -> None:
    """A CycleGAN translates between two, one generator of a StarGAN between all."""
    folder = write_prepared(tmp_path / "data", 64, 18, classes=domains)
    manifest = open_prepared(folder).manifest
    source = replace(manifest.source, kind="domains")
    command = next_command(replace(manifest, source=source), folder)

    assert f"--preset {family}-64" in command


def test_nobody_is_told_to_prepare_into_the_pictures(tmp_path: Path) -> None:
    """Raw photos given to `train` are to be prepared into another folder."""
    draw(tmp_path / "my photos/a.png")
    words = ["train", "--data", str(tmp_path / "my photos"), "--run", str(tmp_path / "run")]
    options = build_parser().parse_args([*words, "--preset", "tiny"])
    with pytest.raises(ValueError, match="is no prepared folder") as caught:
        options.run_command(options)

    (proposed,) = [x for x in str(caught.value).splitlines() if "-m training prepare" in x]
    source, out = shlex.split(proposed)[4:6]
    assert (source, out) == (str(tmp_path / "my photos"), str(tmp_path / "my photos-prepared"))


def test_sixteen_bits_are_told_with_their_values_and_trained_on_in_fp32(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The next command fits pictures that are gray."""
    (tmp_path / "in").mkdir()
    for number in range(40):
        numbers = np.random.default_rng(number).integers(0, 4096, (16, 16), np.uint16)
        Image.fromarray(numbers).save(tmp_path / f"in/{number}.png")
    words = ("--depth", "16", "--range=0:4095")
    _, said = prepared(tmp_path / "in", tmp_path / "out", capsys, *words)

    assert "16 bits" in said
    assert "0 to 4095 are the pixels 0 to 65,535" in said
    assert "warning" not in said
    line = next(line for line in said.splitlines() if "training train" in line)
    _, _, _, *pasted = shlex.split(line)
    options = build_parser().parse_args([*pasted, "--dry-run", "--device", "cpu"])
    assert options.run_command(options) == 0
    config = json.loads(capsys.readouterr().out)
    assert config["precision"] == "fp32"
    assert config["network"]["channels"] == 1
