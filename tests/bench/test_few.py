"""The comparison on few pictures: batches of the peer, its time, and what is done only once."""

from __future__ import annotations

import time
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import torch
from torch import nn

from bench import few
from bench.few import Row, once, table
from bench.learning.few_peer import Trainer, batches, drawn, trained

PICTURES = np.arange(7 * 4 * 4 * 3, dtype=np.uint8).reshape(7, 4, 4, 3)


class Sleepless:
    """A trainer whose steps take a hundredth of a second of processor time."""

    def __init__(self) -> None:
        self.steps = 0
        self.latent_dim = 5
        generator = nn.Sequential(nn.Linear(5, 48), nn.Unflatten(1, (3, 4, 4)))
        self.GAN = SimpleNamespace(G=generator)
        self.device = ""

    def train(self) -> None:
        """Take one step on what it believes to be CUDA."""
        end = time.process_time() + 0.01
        self.device = str(torch.zeros(2, device=torch.device("cuda:0")).cuda(0).device)
        while time.process_time() < end:
            pass
        self.steps += 1


def test_batches_go_through_all_pictures_in_new_orders() -> None:
    """Whole batches only: of seven pictures, three batches of two before the next order."""
    found = [*islice(batches(PICTURES, 2), 6)]

    whole = torch.from_numpy(PICTURES).permute(0, 3, 1, 2).float() / 255
    equal = [(batch[:, None] == whole).flatten(2).all(2) for batch in found]
    numbers = [int(number) for each in equal for number in each.nonzero()[:, 1]]
    assert len({*numbers[:6]}) == len({*numbers[6:]}) == 6
    assert numbers[:6] != numbers[6:]


def test_the_peer_trains_for_its_time_on_the_cpu() -> None:
    """At least the time that it was given, and one step more at most."""
    trainer = Sleepless()

    used = trained(cast("Trainer", trainer), 0.05)

    assert used >= 0.05
    assert 1 <= trainer.steps <= 5
    assert trainer.device == "cpu"


def test_pictures_of_the_peer_are_its_generators() -> None:
    """In [0, 1], as its own training has them; the same at every call."""
    trainer = cast("Trainer", Sleepless())
    torch.nn.init.zeros_(trainer.GAN.G[0].weight)
    torch.nn.init.constant_(trainer.GAN.G[0].bias, 0.5)

    pictures = drawn(trainer, 21)

    assert pictures.shape == (21, 4, 4, 3)
    assert pictures.dtype == np.uint8
    assert {*pictures.flat} == {128}


def test_what_is_finished_is_not_done_again(tmp_path: Path) -> None:
    """A record on the disk takes the place of the work."""
    calls: list[int] = []

    def work() -> dict[str, float]:
        calls.append(1)
        return {"seconds": 2.5}

    record = tmp_path / "a.json"
    assert once(record, work) == once(record, work) == {"seconds": 2.5}
    assert calls == [1]


def test_the_time_of_a_training_that_was_stopped_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same command goes on with it, and the peer gets the time of both parts."""
    clock = iter([10.0, 250.0, 1_000.0, 1_060.5])
    stops: list[bool] = [True, False]

    def train(*_: object) -> None:
        if stops.pop(0):
            raise KeyboardInterrupt

    loaded = SimpleNamespace(state=SimpleNamespace(average=None))
    monkeypatch.setattr(few, "_children_s", lambda: next(clock))
    monkeypatch.setattr(few, "_training", train)
    monkeypatch.setattr(few, "load_run", lambda _: loaded)
    monkeypatch.setattr(few, "pictures_of", lambda _: PICTURES)
    with pytest.raises(KeyboardInterrupt):
        few.ours(tmp_path, 8)

    assert few.ours(tmp_path, 8)[1] == 300.5


def test_the_peer_is_told_with_the_time_that_it_took(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with that of ours: a step of it may take a minute."""

    def run(command: list[str], **_: object) -> SimpleNamespace:
        np.save(command[5], PICTURES)
        return SimpleNamespace(stdout='{"steps": 1, "images": 40, "seconds": 340.5}\n')

    monkeypatch.setattr(few, "install", lambda folder: folder)
    monkeypatch.setattr(few, "subprocess", SimpleNamespace(run=run, PIPE=None))
    pictures, shown, seconds = few.theirs(tmp_path, "peer", 305.0, ())

    assert (pictures == PICTURES).all()
    assert (shown, seconds) == (40, 340.5)


def test_the_table_names_every_number() -> None:
    """Rounded as in the lab book."""
    lines = table([Row("ours", 10_000, 903.2, 0.4567, 0.25, 0.0125)])

    assert lines.splitlines()[-1] == "| ours | 10,000 | 903 | 0.457 | 0.25 | 1.2 % |"
