"""The process of one trial: `python -m training.tuning.worker FOLDER DATA`.

Owns the plan of a new trial and its conversation with the search that started it: at each rung it
writes the measurement as a line, and reads whether to go on. Ends when its input is closed, so no
trial outlives its search. Knows no other trial.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from dataclasses import asdict
from io import FileIO
from pathlib import Path
from queue import SimpleQueue

import torch

from training.config.config import CONFIG_FILE, TrainingConfig
from training.data.stream import Prepared, open_prepared
from training.game.optimise import NonFiniteLossError
from training.run.display import Display
from training.run.loop import train
from training.run_folder.resume import newest_images_shown, read_config
from training.tuning.opening import fitted
from training.tuning.outcome import (
    TRIAL_SETTINGS_FILE,
    Measurement,
    TrialSettings,
    TuningRequest,
    read_request,
    read_values,
)
from training.tuning.plan import TRIAL_DEVICE, measure_costs, shown_resolutions, trial_plan
from training.tuning.watch import TrialWatch

GO_ON, END = "go on\n", "end\n"  # answers to a measurement
DIVERGED, NO_DISK = 3, 4  # exit codes, beside 0


def conversation() -> SimpleQueue[str]:
    """Answers of the search, as they come; the end of its input stops this process as SIGTERM does.

    The search may end in any way, so the input is read by a thread of its own.
    """
    answers: SimpleQueue[str] = SimpleQueue()

    def listen() -> None:
        # Unbuffered: a thread that holds the lock of sys.stdin would crash the end of the process.
        with FileIO(0, closefd=False) as lines:
            for line in lines:
                answers.put(line.decode())
        answers.put(END)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=listen, daemon=True).start()
    return answers


def config_of(run: Path, prepared: Prepared) -> TrainingConfig:
    """Configuration of a trial: that of its folder, or a new plan by the measured speed.

    Raises:
        ConfigError: a file of the search is damaged.
    """
    if (run / CONFIG_FILE).exists():
        return read_config(run / CONFIG_FILE)
    request, base = read_request(run.parent)
    config = read_values(run / TRIAL_SETTINGS_FILE, TrialSettings).config(base)
    return planned(fitted(config, prepared), prepared, request)


def planned(config: TrainingConfig, prepared: Prepared, request: TuningRequest) -> TrainingConfig:
    """Plan a new trial by the processor time that its own steps take."""
    levels = [each for each in shown_resolutions(config) if each <= request.resolution]
    costs = dict(measure_costs(config, prepared, levels))
    return trial_plan(config, costs, request.resolution, request.trial_seconds)


def main(run: Path, data: Path) -> int:
    """Train one trial until its time is over, it is pruned, or it is stopped; the exit code."""
    torch.set_num_threads(1)
    answers = conversation()

    def decide(measured: Measurement) -> bool:
        sys.stdout.write(json.dumps(asdict(measured)) + "\n")
        sys.stdout.flush()
        return answers.get() == GO_ON

    try:
        prepared = open_prepared(data)
        config = config_of(run, prepared)
        request, _ = read_request(run.parent)
        watch = TrialWatch(run, request, prepared, newest_images_shown(run), decide)
        train(config, prepared, run, TRIAL_DEVICE, Display.silent(config.total_images), watch=watch)
    except NonFiniteLossError as error:
        sys.stderr.write(f"{error}\n")
        return DIVERGED
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return NO_DISK
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
