"""Two runs of one configuration: their journals and checkpoints are equal byte for byte."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.device_checks.finding import Budget, Finding
from bench.learning.noise import write_noise

PRESET = "tiny"  # 16 px
PICTURES = 64
PYTHON = [sys.executable, "-m"]
TORCHRUN = [*PYTHON, "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "--"]


def two_runs(device: str, images: int, budget: Budget, *, processes: int = 1) -> Finding:
    """Train twice by the command, each time in new processes, and compare the folders.

    Args:
        device: as for `--device`.
        images: shown in each phase.
        budget: time for both runs.
        processes: 1, or 2 with a device each.
    """
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch) / "data"
        write_noise(data, 16, PICTURES)
        runs = [Path(scratch) / name for name in ("first", "second")]
        for run in runs:
            command = [*(TORCHRUN if processes > 1 else PYTHON), "training", "train"]
            command += ["--data", str(data), "--run", str(run), "--preset", PRESET]
            command += ["--device", device, *settings(images)]
            if fault := failure(command, budget):
                return Finding(name_of(processes), fault, passed=False)
        differing = differences(*runs)
    told = f"differ in {', '.join(differing)}" if differing else "journal and checkpoint are equal"
    return Finding(name_of(processes), told, passed=not differing)


def name_of(processes: int) -> str:
    """Return the name of the check."""
    return "two runs" if processes == 1 else f"two runs of {processes} processes"


def settings(images: int) -> list[str]:
    """Return options for phases of so many images: three resolutions, of which two fade in."""
    names = ["levels.*.stable_images", "levels.8.fade_images", "levels.16.fade_images"]
    return [part for name in names for part in ("--set", f"{name}={images}")]


def failure(command: Sequence[str], budget: Budget) -> str:
    """Run a command; return why it failed, empty if it did not."""
    try:
        subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=max(1.0, budget.left_s)
        )
    except subprocess.TimeoutExpired:
        return "the time is up"
    except subprocess.CalledProcessError as error:
        return (error.stderr.strip().splitlines() or ["no message"])[-1]
    return ""


def differences(first: Path, second: Path) -> list[str]:
    """Return the names of the files that differ: journal, and the last checkpoint's tensors."""
    names = ["journal.jsonl"]
    names += [f"checkpoints/{p.name}" for p in sorted(first.glob("checkpoints/*.safetensors"))[-1:]]
    return [
        name
        for name in names
        if not (second / name).exists()
        or (first / name).read_bytes() != (second / name).read_bytes()
    ]
