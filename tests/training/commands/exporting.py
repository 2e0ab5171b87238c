"""Exports as the tests of the command make them."""

import json
import shutil
from pathlib import Path

from models.card import Card
from training.commands.export import export_run
from training.run_folder.checkpoint import sealed


def make(
    run: Path,
    out: Path,
    name: str = "noise-8",
    replace: bool = False,
    exit_steps: int = 2,
    keep: bool = False,
    resolution: int | None = None,
    with_discriminator: bool = False,
) -> Card:
    """Export with a title and a description."""
    return export_run(
        run,
        out,
        name=name,
        title="Noise",
        description="Of nothing",
        replace=replace,
        exit_steps=exit_steps,
        keep=keep,
        resolution=resolution,
        with_discriminator=with_discriminator,
    )


def stopped_after(images: int, run: Path, tmp_path: Path) -> Path:
    """A copy of a run whose checkpoints say that it has shown fewer images."""
    copy = tmp_path / "stopped"
    shutil.copytree(run, copy)
    for record in (copy / "checkpoints").glob("*.json"):
        values = json.loads(record.read_text())
        record.write_text(json.dumps(sealed({**values, "images_shown": images})))
    return copy
