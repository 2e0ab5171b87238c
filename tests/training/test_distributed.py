"""Several processes: that they play the game of one, and stop, fail and go on together."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image

from models.layers.progan import minibatch_stddev
from tests.fork_server import fork
from tests.training.conftest import train_a_run
from tests.training.prepared import write_prepared
from tests.training.settings import with_values
from tests.training.several_processes import CPU, STOPPED_AT
from training.config.config import LevelPlan, TrainingConfig
from training.data.stream import Prepared, open_prepared
from training.distributed import DistributedError, Processes
from training.run_folder.journal import JOURNAL_FILE, read_lines

ROOT = Path(__file__).parents[2]
GAMES = ("acgan", "finite-difference", "rpgan", "wgan-gp")
pytestmark = pytest.mark.timeout(600)  # processes that import torch, on a machine that is busy


def launch(*words: object) -> "subprocess.Popen[str]":
    """Two processes, by `torchrun` on a free port."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    return subprocess.Popen(
        [*command, *map(str, words)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def play_together(folder: Path) -> None:
    """Start two processes with the variables of `torchrun`, forked."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    of_all = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "none"}
    of_all |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    log = folder / "log"
    with log.open("ab") as file:
        players = [
            fork(
                "tests.training.several_processes",
                str(folder),
                environment={**os.environ, **of_all, "RANK": rank, "LOCAL_RANK": rank},
                output=file.fileno(),
            )
            for rank in ("0", "1")
        ]
    assert [player.wait(540) for player in players] == [0, 0], log.read_text()


def configs(config: TrainingConfig) -> dict[str, TrainingConfig]:
    """Every way in which an image of a batch meets another, in nine steps of eight images."""
    levels = (LevelPlan(4, 0, 24, 8), LevelPlan(8, 24, 24, 8, 0.002))
    config = replace(config, levels=levels, tick_images=24)
    classes = replace(config.network, classes=3)
    steered = {"augment_target": 0.3, "augment_ramp_images": 100}
    return {
        # Groups of four of the whole batch, whole on each process.
        "wgan-gp": with_values(config, objective="wgan-gp", penalty_weight=10.0, drift=0.01,
            reuse_fakes=False, reset_optimizer=True),
        # Half of the batch is penalised: one group of four, on two processes.
        "rpgan": with_values(config, penalty_share=0.5),
        # The whole batch is one group.
        "acgan": with_values(config, objective="hinge", network=classes, labels="acgan",
            stddev_group=0),
        "finite-difference": with_values(config, objective="logistic-r1", network=classes,
            penalty="finite-difference", penalty_sigma=0.1, labels="projection",
            augment="color,translation", **steered),
    }  # fmt: skip


@dataclass(frozen=True)
class Played:
    """What two processes left in a folder, and what one left beside it."""

    folder: Path
    heard: list[dict[str, object]]
    prepared: Prepared
    configs: dict[str, TrainingConfig]

    def alone(self, game: str) -> Path:
        """The same run by one process, from its first to its last image."""
        run = self.folder / "alone" / game
        if not run.exists():
            run.parent.mkdir(exist_ok=True)
            train_a_run(self.configs[game], self.prepared, run)
        return run

    def ends(self, case: str) -> list[object]:
        """How a case ended on each process; empty where it came to its end."""
        told = [heard["ends"] for heard in self.heard]
        return [ends[case] for ends in told if isinstance(ends, dict)]


@pytest.fixture(scope="module")
def played(config: TrainingConfig, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Every case, by two processes that are started once."""
    folder = tmp_path_factory.mktemp("together")
    prepared = open_prepared(write_prepared(folder / "data", classes=3, seed=1))
    games = configs(config)
    rpgan = games["rpgan"]
    wild = replace(rpgan, levels=(rpgan.levels[0], LevelPlan(8, 24, 24, 8, 1e30)))
    cases = {**games, "resumed": rpgan, "stopped": rpgan, "unwritable": rpgan, "wild": wild}
    (folder / "cases").mkdir()
    for name, case in cases.items():
        (folder / "cases" / f"{name}.json").write_text(case.to_json(), encoding="utf-8")
    (folder / "runs").mkdir()
    (folder / "runs" / "unwritable").write_text("a file where a folder should be")
    half = replace(rpgan, levels=(rpgan.levels[0], LevelPlan(8, 24, 0, 8, 0.002)))
    train_a_run(half, prepared, folder / "runs" / "resumed")

    play_together(folder)
    heard = [json.loads((folder / f"heard-{rank}.json").read_text()) for rank in range(2)]
    return Played(folder, heard, prepared, games)


# Only differences of scores count in relativistic pairing: the slope of the last bias is nothing
# but rounding, of which Adam makes steps of full size. So that bias is left out there.


def numbers_of(line: Mapping[str, object]) -> dict[str, float]:
    """The numbers of a journal line."""
    numbers = {name: float(str(value)) for name, value in line.items() if name != "alarms"}
    if "relativistic" in numbers:
        numbers["gap"] = numbers.pop("score_real") - numbers.pop("score_fake")
    return numbers


def tensors_in(run: Path) -> dict[str, torch.Tensor]:
    """Everything in the last checkpoint."""
    path = run / "checkpoints" / "checkpoint-0000000072.safetensors"
    relative = '"rpgan-r1r2"' in (run / "config.json").read_text()
    return {
        name: tensor
        for name, tensor in safetensors.torch.load_file(path).items()
        if not (relative and "head.score.bias" in name)
    }


def assert_alike(run: Path, other: Path) -> None:
    """Journals, weights, moments and pictures are the same within the noise of rounding."""
    journals = [
        [numbers_of(line) for line in read_lines(folder / JOURNAL_FILE)] for folder in (run, other)
    ]
    assert len(journals[0]) == len(journals[1]) == 3
    for line, of_other in zip(*journals, strict=True):
        assert line == pytest.approx(of_other, rel=1e-4, abs=1e-5)
    torch.testing.assert_close(tensors_in(run), tensors_in(other), rtol=1e-4, atol=1e-4)
    names = [sorted(p.name for p in (folder / "samples").iterdir()) for folder in (run, other)]
    assert names[0] == names[1]
    for name in names[0]:
        pictures = [np.asarray(Image.open(f / "samples" / name)).astype(int) for f in (run, other)]
        assert abs(pictures[0] - pictures[1]).max() <= 1


# ----------------------------------------------------------------------------------------
# Two processes


@pytest.mark.slow
@pytest.mark.parametrize("game", GAMES)
def test_two_processes_play_the_game_of_one(played: Played, game: str) -> None:
    """Every objective and penalty, groups whole on a process or not, classes, augmentation."""
    assert played.ends(game) == ["", ""]
    assert_alike(played.folder / "runs" / game, played.alone(game))


@pytest.mark.slow
def test_all_processes_hold_the_same_weights(played: Played) -> None:
    """Networks, average and moments, to the last bit."""
    first, second = (heard["digest"] for heard in played.heard)

    assert first == second


@pytest.mark.slow
def test_a_run_of_one_process_goes_on_with_two(played: Played) -> None:
    """From the middle of its schedule."""
    assert played.ends("resumed") == ["", ""]
    assert_alike(played.folder / "runs" / "resumed", played.alone("rpgan"))


@pytest.mark.slow
def test_all_stop_where_one_was_asked_to_and_one_process_goes_on(played: Played) -> None:
    """The signal reached the second process only; the first one wrote the checkpoint."""
    run = played.folder / "runs" / "stopped"
    assert played.ends("stopped") == ["", ""]
    newest = max((run / "checkpoints").glob("*.json"))
    assert newest.stem == f"checkpoint-{STOPPED_AT:010d}"

    train_a_run(played.configs["rpgan"], played.prepared, run)

    assert_alike(run, played.alone("rpgan"))


@pytest.mark.slow
def test_a_game_that_breaks_down_ends_on_every_process(played: Played) -> None:
    """With the same words: the numbers are those of the whole batch."""
    first, second = played.ends("wild")

    assert "NonFiniteLossError: the" in str(first)
    assert first == second


@pytest.mark.slow
def test_what_one_process_cannot_write_ends_all(played: Played) -> None:
    """The first one tells why, the other one that it was not the cause."""
    first, second = played.ends("unwritable")

    assert str(first).startswith(("FileExistsError", "NotADirectoryError"))
    assert (
        second == "DistributedError: another process of this run failed; its own message says why"
    )


@pytest.mark.slow
def test_processes_that_were_told_different_things_refuse_to_play(played: Played) -> None:
    """What differs is named, on all of them."""
    for heard in played.heard:
        assert str(heard["told"]).startswith(
            "DistributedError: the 2 processes differ in hour: start"
        )


@pytest.mark.slow
def test_a_signal_to_torchrun_stops_the_run_once_and_whole(tmp_path: Path) -> None:
    """As a person ends it: one process speaks and writes, and nobody dies of it."""
    data, run = write_prepared(tmp_path / "data", resolution=16), tmp_path / "run"
    settings = ("network.fmap_base=32", "network.fmap_max=8", "levels.*.batch_size=8")
    words = ["train", "--data", data, "--run", run, "--preset", "tiny", "--device", "cpu"]
    words += [word for setting in (*settings, "tick_images=80") for word in ("--set", setting)]
    process = launch("-m", "--", "training", *words)
    while process.poll() is None and not [*run.glob("checkpoints/*.json")]:
        time.sleep(0.05)

    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=540)

    told = re.findall(r"stopped after ([\d,]+) images", said)
    images = [int(text.replace(",", "")) for text in told]
    assert images, said
    newest = max((run / "checkpoints").glob("*.json"))
    assert [newest.stem] == [f"checkpoint-{n:010d}" for n in images]
    ticks = [line["images_shown"] for line in read_lines(run / JOURNAL_FILE)]
    assert ticks == list(range(80, images[0] + 1, 80))


# ----------------------------------------------------------------------------------------
# One process


def test_alone_everything_is_given_back_as_it_was_handed_in() -> None:
    """Without `torchrun` there is nobody to talk to, and nothing is set up to do so."""
    alone, batch = Processes.from_environment(), torch.arange(6.0).requires_grad_()

    with alone.process_group(CPU):
        assert not torch.distributed.is_initialized()
        assert alone.first
        assert alone.shard(batch) is batch
        assert alone.mean(batch) is batch
        assert alone.device_name(None) is None
        assert [alone.any(flag) for flag in (True, False)] == [True, False]
        alone.average([batch])
        alone.require_same(seed="0")
        with pytest.raises(ValueError, match="inside"), alone.all_or_none():
            raise ValueError("inside")


def test_torchrun_says_which_process_this_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its number in all and on its machine; what another program calls a rank is not heard."""
    told = {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    assert Processes.from_environment() == Processes()

    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "any")

    assert Processes.from_environment() == Processes(3, 4, 1, 2)


def test_a_process_whose_other_is_gone_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """As gloo and NCCL tell it; what else goes wrong keeps its own words."""
    monkeypatch.setattr("torch.distributed.init_process_group", lambda *_, **__: None)
    gone = "[/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc:553] Connection closed by peer"
    for error in (RuntimeError(gone), torch.distributed.DistBackendError("NCCL error")):
        with (
            pytest.raises(DistributedError, match="another process is gone"),
            Processes(0, 2).process_group(torch.device("cpu")),
        ):
            raise error
    with (
        pytest.raises(RuntimeError, match="mine"),
        Processes(0, 2).process_group(torch.device("cpu")),
    ):
        raise RuntimeError("mine")


def test_shares_are_every_so_many_images_and_make_the_batch() -> None:
    """Nobody has what another one has."""
    shares = [Processes(rank, 3).shard(torch.arange(9)).tolist() for rank in range(3)]

    assert shares == [[0, 3, 6], [1, 4, 7], [2, 5, 8]]


def test_each_process_has_a_cuda_device_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless one is named."""
    second = Processes(3, 4, 1)
    assert second.device_name("cpu") == "cpu"

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)

    assert [second.device_name(name) for name in (None, "cuda")] == ["cuda:1", "cuda:1"]
    assert [second.device_name(name) for name in ("cpu", "cuda:0")] == ["cpu", "cuda:0"]


def test_one_device_is_not_for_several_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one machine; where each is alone on its own, every one may name its device."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)

    with pytest.raises(
        DistributedError, match="cuda:1 is one device for 2 processes: use --device c"
    ):
        Processes(3, 4, 1, 2).device_name("cuda:1")
    assert Processes(1, 2, 0, 1).device_name("cuda:1") == "cuda:1"


def test_groups_that_are_whole_on_a_process_need_no_other() -> None:
    """Two processes, two groups of four: each has one of them, as they are in the whole batch."""
    batch = torch.randn(8, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    whole = minibatch_stddev(batch, 4)

    for rank in range(2):
        one = Processes(rank, 2)
        assert torch.equal(one.stddev(one.shard(batch), 4), one.shard(whole))
