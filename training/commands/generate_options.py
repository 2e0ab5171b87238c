"""Values of the options of `generate`.

Owns their grammar and limits, the numbers of classes, and the refusal of styles by generators that
have none. Knows no picture.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

from models.direction import MAX_EDITS, MAX_STRENGTH
from models.editing import Directions
from models.families.config import MAX_PSI, FamilyConfig
from models.latent import parse_seed
from models.plain_number import decimal_number, is_digits
from training.generation import LatentPoint, SecondStyle, Seed, parse_seeds


class GenerateError(ValueError):
    """Raised for a request that cannot be fulfilled; the message gives the reason and remedy."""


def seeds_argument(text: str) -> list[Seed]:
    """Parse the value of `--seeds`."""
    try:
        return parse_seeds(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def positive(text: str) -> int:
    """Parse the value of `--steps` or `--fps`."""
    if not is_digits(text) or not 1 <= int(text) <= 240:
        raise argparse.ArgumentTypeError(f"1 to 240 are possible, not {text!r}")
    return int(text)


def add_place_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--seeds` and `--point`: of what pictures are made."""
    parser.add_argument(
        "--seeds",
        type=seeds_argument,
        default=[],
        help="such as 0-99,200,alan: ranges with both ends, numbers, and texts without a comma",
    )
    parser.add_argument(
        "--point",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="that `project` wrote for the bundle; may be repeated, and follows the seeds",
    )


def add_style_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--psi`, `--mix` and `--edit`, which mean what they mean in requests to the service."""
    parser.add_argument(
        "--psi",
        type=psi_argument,
        help=f"truncation: of a StyleGAN2 0, the mean style, to {MAX_PSI}; of a BigGAN 0, one "
        "latent for all seeds, to 1 (default: 1, which changes nothing)",
    )
    parser.add_argument(
        "--mix",
        type=mix_argument,
        metavar="SEED@RESOLUTION",
        help="layers from this resolution on have the style of this seed",
    )
    parser.add_argument(
        "--edit",
        type=edit_argument,
        action="append",
        default=[],
        metavar="NAME:STRENGTH",
        help="a step along a direction that `directions` found, in standard deviations; may be "
        "repeated",
    )


def psi_argument(text: str) -> float:
    """Parse the value of `--psi`."""
    try:
        psi = decimal_number(text)
    except ValueError:
        psi = -1.0
    if not 0.0 <= psi <= MAX_PSI:
        raise argparse.ArgumentTypeError(f"0 to {MAX_PSI} are possible, not {text!r}")
    return psi


def mix_argument(text: str) -> SecondStyle:
    """Parse the value of `--mix`."""
    seed, _, resolution = text.rpartition("@")
    if not is_digits(resolution):
        raise argparse.ArgumentTypeError(f"SEED@RESOLUTION is needed, such as ada@16, not {text!r}")
    try:
        return SecondStyle(parse_seed(seed), int(resolution))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"the seed before @{resolution}: {error}") from error


def edit_argument(text: str) -> tuple[str, float]:
    """Parse the value of `--edit`: a name and a strength."""
    name, _, number = text.partition(":")
    try:
        strength = decimal_number(number)
    except ValueError:
        strength = math.nan
    if not -MAX_STRENGTH <= strength <= MAX_STRENGTH:  # or it is not a number
        raise argparse.ArgumentTypeError(
            f"NAME:STRENGTH is needed, such as pca-1:2, from -{MAX_STRENGTH:g} to "
            f"{MAX_STRENGTH:g}, not {text!r}"
        )
    return name, strength


def ordered_edits(
    edits: Sequence[tuple[str, float]], directions: Directions | None
) -> tuple[tuple[str, float], ...]:
    """Edits in the order of the directions, without those of strength 0, as the service has them.

    Raises:
        GenerateError: a direction is unknown or repeated, or there are too many.
    """
    if edits and directions is None:
        raise GenerateError(
            "--edit: this model has no directions: find some with `directions`, and name --bundle"
        )
    known = () if directions is None else directions.names
    strengths = dict(edits)
    for name in strengths:
        if name not in known:
            raise GenerateError(f"--edit {name}: the directions are {', '.join(known)}")
    if len(strengths) < len(edits):
        raise GenerateError("--edit: a direction is there twice: add both strengths")
    if len(edits) > MAX_EDITS:
        raise GenerateError(f"--edit: up to {MAX_EDITS} edits are made, not {len(edits)}")
    return tuple((name, strengths[name]) for name in known if strengths.get(name))


def require_style_choices(config: FamilyConfig, psi: float | None, mix: SecondStyle | None) -> None:
    """Check that a generator takes the styles that were chosen; None was not.

    Raises:
        GenerateError: it has no styles, or no such level.
    """
    for name, value in (("psi", psi), ("mix", mix)):
        if value is not None and name not in config.takes:
            takes = " and ".join(config.takes)
            raise GenerateError(f"--{name}: this model takes {takes}: leave the option out")
    if psi is not None:
        require_psi_in_range(config, psi)
    if mix is not None and mix.resolution not in config.resolutions[1:]:
        known = ", ".join(map(str, config.resolutions[1:]))
        raise GenerateError(f"--mix: a second style begins at {known} px, not {mix.resolution}")


def require_psi_in_range(config: FamilyConfig, psi: float) -> None:
    """Check a truncation against the largest one of a family.

    Raises:
        GenerateError: it is larger.
    """
    if psi > config.max_psi:
        raise GenerateError(f"--psi: 0 to {config.max_psi:g} are possible here, not {psi:g}")


def require_classes_of_points(
    config: FamilyConfig, label: int | None, points: Sequence[LatentPoint]
) -> None:
    """Check that no point is asked for another class, if points are styles, which have one.

    Raises:
        GenerateError: there is such a point.
    """
    if label is None or "mix" not in config.takes:
        return
    for point in points:
        if point.label != label:
            raise GenerateError(
                f"--label: a point of this model is a style, which has its class, {point.label}: "
                "leave the option out, or project the picture again with --label"
            )


def label_number(label: str | None, labels: Sequence[str]) -> int | None:
    """Find the number of a class by its name, or else by its number; None without a label.

    Raises:
        GenerateError: there is no such class.
    """
    if label is None:
        return None
    if label in labels:
        return labels.index(label)
    if is_digits(label) and int(label) < len(labels):
        return int(label)
    known = ", ".join(labels) or "none: leave --label out"
    raise GenerateError(f"--label {label}: the classes are {known}")
