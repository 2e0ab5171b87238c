"""Service times as measured on a machine, in a file with the command that measured them.

Owns the file's form and the replicas that it describes. Measures nothing itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from bench.planning.simulation import PictureTimes, Replica

FILE: Final = Path(__file__).parent / "times.json"
COMMAND: Final = "python -m bench.capacity calibrate"

# A device that renders 32 pictures in 4 ms: no device here does; `bench.front` assumes the same.
DEVICE_BATCH, DEVICE_BATCH_S = 32, 0.004


class MeasuredTimes(BaseModel):
    """Measured seconds by resolution, and where they come from.

    Attributes:
        command: command that writes this file.
        machine: processor, cores and load at the time.
        model: model whose pictures they are; signed PNG files.
        pictures: times by resolution in pixels.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    command: str
    machine: str
    model: str
    pictures: dict[int, PictureTimes]


def read_times(file: Path = FILE) -> MeasuredTimes:
    """Read the file."""
    return MeasuredTimes.model_validate_json(file.read_text(encoding="utf-8"))


def write_times(measured: MeasuredTimes, file: Path = FILE) -> None:
    """Write the file."""
    file.write_text(measured.model_dump_json(indent=2) + "\n", encoding="utf-8")


def replicas_of(measured: MeasuredTimes) -> dict[str, Replica]:
    """The kinds of replicas that the plan compares, by description."""
    kinds: dict[str, Replica] = {}
    for size, times in measured.pictures.items():
        kinds[f"{size} px, 2 cores, no device"] = Replica(times, cores=2, encoders=2)
        fast = PictureTimes(times.http_s, DEVICE_BATCH_S, 0.0, times.encode_s)
        for cores, loops in ((4, 1), (16, 6)):
            name = f"{size} px, device and {cores} cores, {loops} event loop{'s'[: loops - 1]}"
            kinds[name] = Replica(
                fast,
                cores,
                loops=loops,
                encoders=cores - loops,
                max_batch=DEVICE_BATCH,
                on_cores=False,
            )
    return kinds
