"""`python -m service dataset`: with a real bundle, and killed for real."""

from __future__ import annotations

import argparse
import io
import json
import signal
import time
import zipfile
from pathlib import Path

import pytest

from bench.service_process import service_environment
from service.commands.dataset import COMPLETE, NOT_MADE, add_arguments, run
from service.datasets.outputs import partial_path
from service.settings import Settings
from tests.fork_server import fork
from tests.service.dataset_files import records_in_tar, records_in_zip

ROOT = Path(__file__).parents[3]
PATIENCE_S = 300  # ends a hang, on a busy machine, too


def asked(*words: str) -> argparse.Namespace:
    """The options of a command line."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args([*words, "--model", "tiny-32", "--resolution", "8"])


@pytest.fixture
def ours(settings: Settings, bundles: Path) -> Settings:
    """Settings with the tiny bundle, and no signatures."""
    return settings.model_copy(update={"bundles": (bundles,), "credentials": False})


def test_all_formats_hold_the_same_pictures(
    ours: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder, a ZIP file and a tar file, chosen by the name of the output."""
    for name in ("folder", "a.zip", "a.tar"):
        options = asked("--out", str(tmp_path / name), "--count", "11", "--from-seed", "95")
        assert run(options, ours) == COMPLETE
    records = records_in_zip((tmp_path / "a.zip").read_bytes())
    lines = (tmp_path / "folder/manifest.jsonl").read_text("utf-8").splitlines()

    assert [each["seed"] for each in records] == [str(seed) for seed in range(95, 106)]
    assert records == records_in_tar((tmp_path / "a.tar").read_bytes())
    assert records == [json.loads(line) for line in lines]
    archive = zipfile.ZipFile(io.BytesIO((tmp_path / "a.zip").read_bytes()))
    assert archive.read("000100.png") == (tmp_path / "folder/000100.png").read_bytes()
    assert "complete: 11 pictures" in capsys.readouterr().err


def test_a_complete_data_set_is_not_made_again(
    ours: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same command says so, and succeeds; another one is refused."""
    out = str(tmp_path / "a.zip")
    assert run(asked("--out", out, "--count", "3"), ours) == COMPLETE
    before = (tmp_path / "a.zip").read_bytes()
    assert run(asked("--out", out, "--count", "3"), ours) == COMPLETE
    assert run(asked("--out", out, "--count", "4"), ours) == NOT_MADE

    told = capsys.readouterr().err
    assert "is complete already" in told
    assert "another data set (count 3)" in told
    assert (tmp_path / "a.zip").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--count", "0"], "count: it is 1 to 1000000, not 0"),
        (["--count", "1", "--from-seed", "-1"], "from_seed: it is 0 to"),
        (["--count", "1", "--label", "cat"], "it has no labels"),
    ],
)
def test_what_cannot_be_made_is_refused_before_anything_is_written(
    ours: Settings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    reason: str,
) -> None:
    """With the allowed values."""
    assert run(asked("--out", str(tmp_path / "a.zip"), *words), ours) == NOT_MADE
    assert reason in capsys.readouterr().err
    assert not [each for each in tmp_path.iterdir() if "a.zip" in each.name]


@pytest.mark.slow
def test_a_killed_command_goes_on_to_the_same_bytes(
    ours: Settings, bundles: Path, tmp_path: Path
) -> None:
    """With kill -9, in the middle."""
    once, killed = tmp_path / "once.zip", tmp_path / "killed.zip"
    count = ["--count", "400"]
    environment = service_environment({"bundles": bundles, "credentials": "off", "threads": 1})
    words = ["dataset", "--out", str(killed), *count, "--model", "tiny-32", "--resolution", "8"]
    with (tmp_path / "log").open("wb") as log:
        process = fork("service", *words, environment=environment, output=log.fileno())
    deadline = time.monotonic() + PATIENCE_S
    unfinished = partial_path(killed)
    while not (unfinished.exists() and unfinished.stat().st_size > 60_000):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE_S)
    assert unfinished.exists()
    assert run(asked("--out", str(once), *count), ours) == COMPLETE
    assert run(asked("--out", str(killed), *count), ours) == COMPLETE

    assert killed.read_bytes() == once.read_bytes()
