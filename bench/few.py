"""300 pictures: `few-128` begun with a shipped bundle, beside lightweight-gan 1.2.1 (PyPI, MIT).

    python -m bench.few [--images 10000] [--folder FOLDER] [--json]

The pictures are 300 of 2,300 drawings of DiceBear's style `micah` (CC BY 4.0) at 64 px; no shipped
model has seen them. Ours is `train --preset few-128 --init-from models/pretrained/personas-256`,
cut to 64 px, on one core. The peer then has as much processor time on one core: once with the
defaults of its command line, once with a quarter of its feature maps and without accumulated
batches, so that it takes more steps. Everything can be stopped: what is finished stays in --folder.

KID is over features of EfficientNet-Lite0, which neither learns from, against 1,000 other drawings;
with recall, and the same numbers for 1,000 more drawings and for the bundle before training.
The last column is the share of drawn pictures whose nearest neighbour among the 300 is nearer than
that of any held-out drawing: copies.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from bench.learning.few_peer import DRAWN, install
from bench.learning.settings import up_to
from models.bundle import load_bundle
from models.family import ImageGenerator
from models.growth import Growth
from models.picture import Bytes, in_eight_bits
from models.resolution import level_of
from training.config.presets import PRESETS
from training.data.manifest import MANIFEST_FILE
from training.data.stream import open_prepared
from training.quality.distances import kernel_distance, precision_and_recall, squared_distances
from training.quality.features import efficientnet_features, load_efficientnet, weights_path
from training.quality.pictures import PictureSet
from training.rendering import render
from training.run_folder.loaded import load_run

FOLDER = Path(__file__).parents[1] / "runs" / "bench-few"
BUNDLE = Path(__file__).parents[1] / "models" / "pretrained" / "personas-256"
SOURCE = "dicebear:micah"
RESOLUTION = 64
FEW = 300
FIRST_SEED = 1_000_000
NARROW = ("--maps", "128", "--accumulate", "1")


@dataclass(frozen=True)
class Row:
    """One way to make 1,000 pictures.

    Attributes:
        name: of the way.
        images: real pictures shown in training.
        seconds: processor time of training.
        kid: against the held-out drawings.
        recall: share of held-out drawings near a drawn picture, 0 to 1.
        copies: share of drawn pictures nearer to one of the 300 than any held-out drawing is.
    """

    name: str
    images: int
    seconds: float
    kid: float
    recall: float
    copies: float


class Ruler:
    """The 300 drawings and 1,000 others, as features."""

    def __init__(self, drawings: Bytes) -> None:
        self._network = load_efficientnet(weights_path(), torch.device("cpu"))
        self._few = self._features(drawings[:FEW])
        self._held_out = self._features(drawings[FEW : FEW + DRAWN])
        self._nearest = _nearest(self._held_out, self._few).min()

    def row(self, name: str, pictures: Bytes, images: int = 0, seconds: float = 0.0) -> Row:
        """Measure `pictures`, uint8 `[N, R, R, 3]`."""
        features = self._features(pictures)
        kid = kernel_distance(self._held_out, features).mean
        recall = precision_and_recall(self._held_out, features).recall
        copies = float((_nearest(features, self._few) < self._nearest).mean())
        return Row(name, images, seconds, kid, recall, copies)

    def _features(self, pictures: Bytes) -> np.ndarray:
        everything = PictureSet(pictures, np.arange(len(pictures)))
        return efficientnet_features(everything, self._network)


def _nearest(points: np.ndarray, cloud: np.ndarray) -> np.ndarray:
    """Squared distance from each point to the nearest one of `cloud`."""
    return np.concatenate([rows.min(1) for _, rows in squared_distances(points, cloud)])


def drawings_in(folder: Path) -> Bytes:
    """Return 2,300 drawings, uint8 `[N, R, R, 3]`; the first 300 are PNG files in `few/`, too."""
    prepare(f"{SOURCE}?count={FEW + 2 * DRAWN}&size={RESOLUTION}", folder / "all")
    everything = in_eight_bits(open_prepared(folder / "all").images(RESOLUTION))
    np.save(folder / "few.npy", everything[:FEW])
    (folder / "few").mkdir(exist_ok=True)
    for number, pixels in enumerate(everything[:FEW]):
        Image.fromarray(pixels).save(folder / "few" / f"{number:03}.png")
    prepare(folder / "few", folder / "data")
    return everything


def prepare(source: str | Path, folder: Path) -> None:
    """Prepare `source` if that was not done."""
    if not (folder / MANIFEST_FILE).exists():
        _training("prepare", source, folder)


def ours(folder: Path, images: int) -> tuple[Bytes, float]:
    """Train `few-128` on the 300 drawings; return its pictures and its processor seconds."""
    name = f"ours-{images}"

    def train() -> dict[str, float]:
        spent = folder / f"{name}.seconds"  # by a training that was stopped, and goes on here
        earlier = float(spent.read_text()) if spent.exists() else 0.0
        before = _children_s()
        preset = folder / "few-64.json"
        preset.write_text(up_to(PRESETS["few-128"], RESOLUTION, 3).to_json(), encoding="utf-8")
        try:
            _training(
                *("train", "--data", folder / "data", "--run", folder / name),
                *("--preset", preset, "--init-from", BUNDLE, "--threads", "1"),
                *("--set", f"levels.{RESOLUTION}.stable_images={images}"),
            )
        finally:
            seconds = earlier + _children_s() - before
            spent.write_text(str(seconds))
        return {"seconds": seconds}

    seconds = once(folder / f"{name}.json", train)["seconds"]
    return pictures_of(load_run(folder / name).state.average), seconds


def theirs(
    folder: Path, name: str, seconds: float, extra: Sequence[str]
) -> tuple[Bytes, int, float]:
    """Train the peer; return its pictures, the real ones it was shown, and its processor seconds.

    It ends with the step in which `seconds` are over, so it takes more.
    """
    out = folder / f"{name}.npy"

    def train() -> dict[str, float]:
        module = [sys.executable, "-m", "bench.learning.few_peer", str(install(folder / "peer"))]
        command = [*module, str(folder / "few.npy"), str(out), f"{seconds:.0f}", *extra]
        said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        return json.loads(said.splitlines()[-1])

    numbers = once(folder / f"{name}.json", train)
    return np.load(out), int(numbers["images"]), numbers["seconds"]


def pictures_of(generator: ImageGenerator) -> Bytes:
    """Draw 1,000 pictures at 64 px, uint8 `[N, R, R, 3]`."""
    seeds = range(FIRST_SEED, FIRST_SEED + DRAWN)
    return in_eight_bits(render(generator, seeds, Growth(level_of(RESOLUTION))))


def once(record: Path, work: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Return what `work` returned; from the file `record` if it was done before."""
    if not record.exists():
        record.write_text(json.dumps(work()), encoding="utf-8")
    return json.loads(record.read_text(encoding="utf-8"))


def _training(*arguments: object) -> None:
    subprocess.run([sys.executable, "-m", "training", *map(str, arguments)], check=True)


def _children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def rows_of(folder: Path, images: int) -> list[Row]:
    """Train everything that is not trained yet, and measure it."""
    folder.mkdir(parents=True, exist_ok=True)
    drawings = drawings_in(folder)
    ruler = Ruler(drawings)
    rows = [
        ruler.row("other drawings", drawings[FEW + DRAWN :]),
        ruler.row("personas-256, untrained", pictures_of(load_bundle(BUNDLE).generator)),
    ]
    pictures, seconds = ours(folder, images)
    rows.append(ruler.row("few-128 from personas-256", pictures, images, seconds))
    for name, extra in (("lightweight-gan", ()), ("lightweight-gan, narrow", NARROW)):
        file = f"{name.replace(', ', '-')}-{images}"
        rows.append(ruler.row(name, *theirs(folder, file, seconds, extra)))
    return rows


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| | images | processor s | KID | recall | copies |", "|---|---|---|---|---|---|"]
    for row in rows:
        numbers = f"{row.images:,} | {row.seconds:,.0f} | {row.kid:.3f} | {row.recall:.2f}"
        lines.append(f"| {row.name} | {numbers} | {100 * row.copies:.1f} % |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Few pictures, beside a peer.")
    parser.add_argument("--images", type=int, default=10_000, help="real pictures that ours sees")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    rows = rows_of(options.folder, options.images)
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
        return 0
    print(table(rows))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
