"""One process of the tests of `training.distributed`: trains every case of a folder.

Started as by `torchrun` with that folder, which holds `data/` and `cases/NAME.json`. What became of
the cases goes to `heard-RANK.json`.
"""

import hashlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import torch

from training.config.config import TrainingConfig
from training.data.stream import ImageStream, Prepared, open_prepared
from training.distributed import Processes
from training.game.schedule import ScheduleState, schedule_at
from training.game.state import TrainingState
from training.game.step import take_step
from training.run.display import Display
from training.run.loop import train
from training.run_folder.checkpoint import tensors_of

CPU = torch.device("cpu")
STOPPED_AT = 40
STEPS = 4


class Stopping(Display):
    """Asks its own process, and no other, to stop after so many images."""

    def update(self, schedule: ScheduleState, images_shown: int, rate: float) -> None:
        """As a machine does that goes down."""
        super().update(schedule, images_shown, rate)
        if images_shown == STOPPED_AT:
            os.kill(os.getpid(), signal.SIGTERM)


def play_cases(folder: Path, prepared: Prepared, processes: Processes) -> dict[str, str]:
    """Run after run in the same processes; how each ended, if by an error."""
    ends: dict[str, str] = {}
    for case in sorted((folder / "cases").iterdir()):
        config = TrainingConfig.from_json(case.read_text(encoding="utf-8"))
        stops = case.stem == "stopped" and processes.rank == 1
        display = (Stopping if stops else Display).silent(config.total_images)
        run = folder / "runs" / case.stem
        ends[case.stem] = told(
            lambda c=config, r=run, d=display: train(c, prepared, r, CPU, d, processes=processes)
        )
    return ends


def told(act: Callable[[], object]) -> str:
    """The error that it ends with; nothing if it does not."""
    try:
        act()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        return f"{type(error).__name__}: {error}"
    return ""


def digest_after(config: TrainingConfig, prepared: Prepared, processes: Processes) -> str:
    """Of every tensor of this process, after some steps across the beginning of the fade."""
    state, shown = TrainingState.create(config, CPU, processes), 16
    stream = ImageStream(prepared, config.seed, config.augmentation.mirror)
    for _ in range(STEPS):
        schedule = schedule_at(shown, config)
        place = (shown, schedule.batch_size, processes.share)
        pixels = stream.batch(schedule.growth.resolution, *place)
        classes = stream.labels(*place)
        take_step(state, schedule, config, pixels, classes, processes=processes)
        shown += schedule.batch_size
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors_of(state).items()):
        digest.update(name.encode() + tensor.numpy().tobytes())
    return digest.hexdigest()


def main() -> None:
    """All of it, and what became of it."""
    folder, processes = Path(sys.argv[1]), Processes.from_environment()
    prepared = open_prepared(folder / "data")
    torch.set_num_threads(1)
    with processes.process_group(CPU):
        heard: dict[str, object] = {"ends": play_cases(folder, prepared, processes)}
        case = folder / "cases" / "wgan-gp.json"
        config = TrainingConfig.from_json(case.read_text(encoding="utf-8"))
        heard["digest"] = digest_after(config, prepared, processes)
        heard["told"] = told(lambda: processes.require_same(seed="0", hour=str(processes.rank)))
    (folder / f"heard-{processes.rank}.json").write_text(json.dumps(heard), encoding="utf-8")


if __name__ == "__main__":
    main()
    Processes.from_environment().exit(0)
