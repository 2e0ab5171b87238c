"""The `families` command: the table of families, presets, parameters and quality.

Owns the counting, the published counts it is compared with, and the Markdown. Every number is
counted or read when it is asked for: parameters from the networks, KID from runs and bundles.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from models.bundle import load_card
from models.card import Card
from models.families.config import FamilyConfig
from models.families.table import FAMILIES, offer_of
from training.config.config import CONFIG_FILE, ConfigError, TrainingConfig
from training.config.presets import PRESETS
from training.game.state import discriminator_options
from training.quality.report import INTO_DOMAIN, QUALITY_FILE, read_report

MANY_DOMAINS = 5  # of a preset that takes as many as the data have
COLOURS = {1: "gray", 3: "colour", 4: "colour with transparency"}
NOT_MEASURED, NOTHING = "not measured", "-"
TITLES = ("family", "network", "pictures", "generator", "discriminator", "published", "takes")

MetricsByName = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class PublishedCounts:
    """Parameters that authors state of their networks, rounded to `unit`."""

    generator: int
    discriminator: int
    unit: int = 1


# Karras et al. 2018, table 2; PyTorch's example of a DCGAN; the networks that the authors of
# StyleGAN2-ADA, BigGAN, CycleGAN (both directions) and StarGAN published, counted.
PUBLISHED = {
    "paper-celebahq-1024": PublishedCounts(23_100_000, 23_100_000, unit=100_000),
    "dcgan-64": PublishedCounts(3_576_704, 2_765_568),
    "stylegan-paper": PublishedCounts(30_370_060, 29_012_513),
    "biggan-paper": PublishedCounts(70_433_988, 87_982_370),
    "cyclegan-paper": PublishedCounts(2 * 11_378_179, 2 * 2_764_737),
    "stargan-paper": PublishedCounts(8_430_528, 44_762_048),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `families`."""
    measured = f"of which {QUALITY_FILE} was written by `evaluate`; repeatable"
    parser.add_argument("--run", type=Path, action="append", default=[], help=f"a run, {measured}")
    parser.add_argument(
        "--bundle", type=Path, action="append", default=[], help="a bundle; repeatable"
    )


def run(options: argparse.Namespace) -> int:
    """Run the `families` command."""
    rows = [*preset_rows()]
    rows += [run_row(folder) for folder in options.run]
    rows += [bundle_row(load_card(folder)) for folder in options.bundle]
    order = [*FAMILIES]
    print(markdown(sorted(rows, key=lambda row: order.index(row[0].strip("`")))))
    return 0


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Format rows as a table."""
    lines = [(*TITLES, "KID"), ("---",) * (len(TITLES) + 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def preset_rows() -> Iterator[tuple[str, ...]]:
    """One row for each preset."""
    for name, config in PRESETS.items():
        shown = with_domains(config)
        network, counts = shown.network, (count_generator(shown.network), count_critic(shown))
        numbers = [f"{count:,}" for count in counts]
        takes, told = taken(network), published_text(name, *counts)
        if not network.classes and len(offer_of(network).labels) > 1:
            takes += "; with classes `label`"
        yield (*start_of(network, f"`{name}`"), *numbers, told, takes, NOT_MEASURED)


def run_row(folder: Path) -> tuple[str, ...]:
    """The row of a run that was measured.

    Raises:
        ConfigError: the folder holds no run, or one that was not measured.
        QualityError: its report is damaged.
        OSError: a file cannot be read.
    """
    path = folder / CONFIG_FILE
    if not path.exists():
        raise ConfigError(f"{folder} holds no run: there is no {CONFIG_FILE}")
    config = TrainingConfig.from_json(path.read_text(encoding="utf-8"))
    if not (folder / QUALITY_FILE).exists():
        raise ConfigError(f"{folder} has no {QUALITY_FILE}: `evaluate` writes it")
    report = read_report(folder / QUALITY_FILE)
    network = config.network
    kid = kid_text(report.metrics, report.images_shown, report.data.name)
    numbers = (f"{count_generator(network):,}", f"{count_critic(config):,}")
    name = f"a run of `{config.preset}`"
    return (*start_of(network, name), *numbers, NOTHING, taken(network), kid)


def bundle_row(card: Card) -> tuple[str, ...]:
    """The row of a bundle; its quality is the one in the card."""
    with torch.device("meta"):
        shapes = tuple(exit_.shape for exit_ in card.exits)
        generator = offer_of(card.network).generator(card.network, shapes)
    metrics = cast("MetricsByName", card.quality)
    shown = card.training.get("images_shown")
    kid = kid_text(metrics, shown if isinstance(shown, int) else None, card.data.name)
    name, numbers = f"the bundle `{card.name}`", (f"{parameters_of(generator):,}", NOTHING)
    return (*start_of(card.network, name), *numbers, NOTHING, taken(card.network), kid)


def with_domains(config: TrainingConfig) -> TrainingConfig:
    """The configuration with a number of domains, if it takes that of the data."""
    if not offer_of(config.network).many_domains or config.network.classes:
        return config
    return replace(config, network=replace(config.network, classes=MANY_DOMAINS))


def count_generator(network: FamilyConfig) -> int:
    """Parameters of the generator as it is trained."""
    with torch.device("meta"):
        return parameters_of(offer_of(network).generator(network, None))


def count_critic(config: TrainingConfig) -> int:
    """Parameters of the discriminator."""
    with torch.device("meta"):
        build = offer_of(config.network).discriminator
        return parameters_of(build(config.network, discriminator_options(config)))


def parameters_of(network: nn.Module) -> int:
    """Number of all parameters, without buffers."""
    return sum(parameter.numel() for parameter in network.parameters())


def published_text(preset: str, generator: int, discriminator: int) -> str:
    """Comparison with the published counts, in words."""
    published = PUBLISHED.get(preset)
    if published is None:
        return NOTHING
    unit, stated = published.unit, (published.generator, published.discriminator)
    counted = tuple(round(count / unit) * unit for count in (generator, discriminator))
    if counted == stated:
        return "the same" if unit == 1 else f"the same, to {unit:,}"
    return f"{published.generator:,} and {published.discriminator:,}"


def start_of(network: FamilyConfig, name: str) -> tuple[str, str, str]:
    """The first three columns."""
    kind = "domains" if offer_of(network).translates else "classes"
    classes = f", {network.classes} {kind}" if network.classes else ""
    height, width = network.size_at(network.resolution)
    size = f"{width} px" if width == height else f"{width}x{height} px"
    return f"`{network.family}`", name, f"{size}, {COLOURS[network.channels]}{classes}"


def taken(network: FamilyConfig) -> str:
    """Names of what a request may choose."""
    return ", ".join(f"`{name}`" for name in network.takes)


def kid_text(metrics: MetricsByName, images_shown: int | None, data: str) -> str:
    """KID of a report, or of each domain, with what it was measured on."""
    directions = {name: each for name, each in metrics.items() if name.startswith(INTO_DOMAIN)}
    texts = [
        f"to {name.removeprefix(INTO_DOMAIN)} {each['value']:.3f} (untranslated "
        f"{each['untranslated']:.3f})"
        for name, each in directions.items()
    ]
    if not texts and (kid := metrics.get("kid")):
        texts = [f"{kid['value']:.3f} ({kid['images']:,} pictures)"]
    if not texts:
        return NOT_MEASURED
    after = "" if images_shown is None else f" after {images_shown:,} images"
    return f"{', '.join(texts)}{after} of {data}"
