"""The initial weights of a run, read from a bundle or from another run.

Owns what is taken of them. A bundle provides its generator with the exit at its top, since its
lower exits were made for serving, and its discriminator if it has one. One that is larger than the
run is `lowered` first. A run provides both networks and the averaged generator, but not Adam's
moments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor

from models.bundle import Bundle, BundleError, load_bundle, load_card
from models.families.config import FamilyConfig
from models.families.progan.generator import Generator
from models.growth import Growth
from models.layout import file_sha256
from models.resolution import MAX_RESOLUTION
from training.config.config import CONFIG_FILE, ConfigError
from training.config.groups import LevelPlan
from training.config.offered import changes_references
from training.run_folder.bundled_discriminator import read_discriminator
from training.run_folder.checkpoint import CHECKPOINTS, checkpoint_at
from training.run_folder.loaded import load_run
from training.run_folder.lowered import lowered

Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class Beginning:
    """Source of the initial weights of a run.

    Attributes:
        name: of the bundle or run, with the digest of its weights: `name@digest`.
        network: shapes of its generator.
        generator: weights by name, as in the next two.
        average: weights of the averaged generator.
        discriminator: weights of the discriminator; empty for a bundle without one.
        learned: resolutions whose own pictures were trained, and not changed by later levels; of
            others it has an exit with random weights, or one fitted to the finished picture.
    """

    name: str
    network: FamilyConfig
    generator: Weights = field(repr=False)
    average: Weights = field(repr=False)
    discriminator: Weights = field(repr=False)
    learned: frozenset[int] = field(default=frozenset(), kw_only=True)


def names_of(path: Path) -> set[str]:
    """Names of the source at `path`: of its folder, and of its card if there is one."""
    names = {path.resolve().name}
    with suppress(BundleError):
        names.add(load_card(path).name)
    return names


def read_beginning(path: Path, resolution: int = MAX_RESOLUTION) -> Beginning:
    """Read a bundle up to `resolution`, or the newest checkpoint of a run.

    Raises:
        BundleError: `path` is neither a whole bundle nor a run.
        CheckpointError: the run has no whole checkpoint.
        ConfigError: the run has not finished growing, or its configuration cannot be read.
    """
    if (path / CONFIG_FILE).is_file():
        return of_run(path)
    bundle = load_bundle(path)
    return of_bundle(bundle, resolution, read_discriminator(path, bundle.card))


def of_bundle(
    bundle: Bundle, resolution: int = MAX_RESOLUTION, discriminator: Weights | None = None
) -> Beginning:
    """Weights of a bundle: its generator, also for the averaged generator, and its discriminator.

    Of a Progressive GAN the levels above `resolution` are left out; then the discriminator is left
    out, too, since it knows pictures of the full resolution alone.
    """
    generator = bundle.generator
    if isinstance(generator, Generator) and generator.config.resolution > resolution:
        generator, discriminator = lowered(generator, resolution), None
    network, top = generator.config, generator.config.top_level
    weights = {
        name: value
        for name, value in generator.state_dict().items()
        if not name.startswith(("exits.", "truncated_")) or name.startswith(f"exits.{top}.")
    }
    learned = frozenset({network.resolution})
    name = bundle.card.pinned_name
    return Beginning(name, network, weights, weights, discriminator or {}, learned=learned)


def learned_resolutions(levels: Sequence[LevelPlan]) -> frozenset[int]:
    """Resolutions that these levels train, and that no higher level changes."""
    trained = [plan for plan in levels if plan.fade_images + plan.stable_images]
    return frozenset(
        plan.resolution
        for place, plan in enumerate(trained, start=1)
        if not any(changes_references(above, plan.resolution) for above in trained[place:])
    )


def of_run(folder: Path) -> Beginning:
    """Weights of a run: the three networks of its newest whole checkpoint.

    Raises:
        CheckpointError: the run has no whole checkpoint.
        ConfigError: its top level is inactive or fading in.
    """
    state = load_run(folder)
    network, growth = state.config.network, state.schedule.growth
    if growth != Growth(network.top_level):
        raise ConfigError(
            f"{folder} stands at {growth.resolution} px, alpha {growth.alpha:.2f}: a run can be "
            f"begun with it when its top level of {network.resolution} px has faded in"
        )
    record = checkpoint_at(folder / CHECKPOINTS, state.progress.images_shown)
    digest = file_sha256(record.with_suffix(".safetensors"))
    learned = learned_resolutions(state.config.levels)
    state = state.state
    generator, average, discriminator = (
        each.state_dict() for each in (state.generator, state.average, state.discriminator)
    )
    name = f"{folder.resolve().name}@{digest}"
    return Beginning(name, network, generator, average, discriminator, learned=learned)
