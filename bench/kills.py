"""Test of exact resume: a run that is killed repeatedly must equal an uninterrupted one.

    python -m bench.kills [--kills 20] [--data FOLDER] [--preset tiny] [--set NAME=VALUE]...

Trains once without interruption. Then trains the same again, and ends the process with SIGKILL
after random times, `--kills` times, starting it anew each time. At the end config, journal, picture
grids and the last checkpoint must be equal byte for byte. Prints a line for each kill and the
verdict; exits with 1 if a file differs. Without --data the pictures are random ones.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.learning.noise import write_noise

ROOT = Path(__file__).parents[1]
NOISE = 512  # pictures
SPREAD = 1.5  # maximum time of one process, as a multiple of an even share of the run
LASTING = ("config.json", "data.json", "journal.jsonl")
FREQUENT = "tick_images=500"  # so that checkpoints are frequent, unless set otherwise


@dataclass(frozen=True)
class Death:
    """One kill.

    Attributes:
        began: state that the process reported at its start.
        lived_s: seconds until it was killed.
        halfway: True if it left an incomplete checkpoint.
    """

    began: str
    lived_s: float
    halfway: bool


class Run:
    """Training process that can be started repeatedly on one folder."""

    def __init__(self, options: argparse.Namespace, data: Path, folder: Path) -> None:
        words = ["train", "--data", str(data), "--run", str(folder), "--preset", options.preset]
        words += ["--device", "cpu", "--threads", str(options.threads)]
        words += [word for setting in options.set for word in ("--set", setting)]
        self._command = [sys.executable, "-m", "training", *words]
        self._threads = str(options.threads)
        self.folder = folder

    def start(self) -> subprocess.Popen[str]:
        """Start the process, with its output in a pipe."""
        return subprocess.Popen(
            self._command,
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": self._threads},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def finish(self) -> float:
        """Train until the end of the run; return the seconds.

        Raises:
            SystemExit: training failed; with its output.
        """
        began = time.monotonic()
        process = self.start()
        said, _ = process.communicate()
        if process.returncode:
            raise SystemExit(said)
        return time.monotonic() - began

    def kill_after(self, seconds: float) -> Death | None:
        """Start the process, and kill it so long after its first line; None if it ended before.

        Raises:
            SystemExit: training failed by itself; with its output.
        """
        process = self.start()
        assert process.stdout is not None
        began = process.stdout.readline().strip()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
        said, _ = process.communicate()
        if process.returncode == 0:
            return None
        if process.returncode != -signal.SIGKILL:
            raise SystemExit(f"{began}\n{said}")
        halfway = any(self.folder.rglob("*.partial"))
        return Death(began, seconds, halfway)

    def lasting(self) -> dict[str, bytes]:
        """Return the files that must not depend on interruptions."""
        newest = max((self.folder / "checkpoints").glob("*.safetensors"))
        paths = [self.folder / name for name in LASTING]
        paths += [*sorted((self.folder / "samples").iterdir()), newest]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in paths}


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    """Return the files that are missing on one side, or not equal."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def options_of(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    raw = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--data", type=Path, help="a folder that prepare wrote; random pictures")
    parser.add_argument("--preset", default="tiny")
    parser.add_argument("--set", action="append", default=[FREQUENT], metavar="NAME=VALUE")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    return parser.parse_args(arguments)


def main() -> None:
    """Train, kill, compare, and report the result."""
    options = options_of()
    chance = random.Random(options.seed)
    print(f"{options.kills} kills of preset {options.preset}, times drawn with {options.seed}")
    with tempfile.TemporaryDirectory() as scratch:
        data = options.data or Path(scratch) / "data"
        if options.data is None:
            write_noise(data, 16, NOISE)
        undisturbed = Run(options, data, Path(scratch) / "undisturbed")
        took = undisturbed.finish()
        print(f"undisturbed: {took:.0f} s", flush=True)
        killed = Run(options, data, Path(scratch) / "killed")
        deaths = 0
        while deaths < options.kills:
            death = killed.kill_after(chance.uniform(0, SPREAD * took / options.kills))
            if death is None:
                break
            deaths += 1
            left = "; left a half-written file" if death.halfway else ""
            print(f"{deaths:3}  {death.began}; lived {death.lived_s:.2f} s{left}", flush=True)
        killed.finish()
        found = undisturbed.lasting()
        changed = differing(found, killed.lasting())
    print(
        f"{deaths} kills; {len(found)} files compared, {len(changed)} differ: {changed or 'none'}"
    )
    raise SystemExit(1 if changed or deaths < options.kills else 0)


if __name__ == "__main__":
    main()
