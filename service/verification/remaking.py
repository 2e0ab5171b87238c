"""Comparison of a file with what its recipe makes.

Owns the outcome: equal, similar, different, or not tried, and the addresses that make it again.
Knows no engine: the pictures are rendered elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urlencode

from models.picture import Pixels
from service.facts import address_of
from service.media.archives import contact_sheet
from service.uploads.decoding import DecodedPicture, Upload, frames_at
from service.verification.report import Outcome, RemadePart
from service.verification.similarity import Comparison, has_shape_of, similarity
from service.verification.stated_recipe import NotTried, StatedRecipe

# Share of pairs of other seeds that are called similar, by the shorter side in pixels at which they
# are compared: upper limit of the 95 % confidence interval for the worst of the shipped models
# (`bench/similarity.py`; 5, 11 and 63 of 44,850 pairs).
FALSE_MATCH_RATES: Final = ((64, 3e-4), (32, 5e-4), (16, 2e-3))

SIDE_BY_SIDE: Final = ("sheet", "strip")  # kinds that are one picture of several


def require_renderable(recipe: StatedRecipe, max_pixels: int) -> None:
    """Refuse recipes whose pictures are larger than any upload.

    Raises:
        NotTried: together they have more than `max_pixels` pixels.
    """
    height, width = recipe.served.size_at(recipe.recipes[0].resolution)
    if len(recipe.recipes) * height * width > max_pixels:
        raise NotTried(f"its recipe makes more than {max_pixels} pixels")


def remade_part(
    upload: Upload, picture: DecodedPicture, recipe: StatedRecipe, made: Sequence[Pixels]
) -> RemadePart:
    """Compare a file with the pictures that its recipe makes.

    Args:
        upload: the file.
        picture: its first frame.
        recipe: the stated recipe.
        made: a picture for each recipe, `[H, W, C]`.
    """
    name = recipe.served.pinned_name
    seeds = [str(seed) for seed in recipe.seeds]
    part = RemadePart(outcome=Outcome.NOT_TRIED, kind=recipe.kind, model=name, seeds=seeds)
    shown = [contact_sheet(made)] if recipe.kind in SIDE_BY_SIDE else list(made)
    if not has_shape_of(picture.pixels, shown[0]):
        height, width = picture.pixels.shape[:2]
        high, wide = shown[0].shape[:2]
        part.reason = (
            f"it has {width} x {height} pixels, and its recipe makes {wide} x {high}: a part of a "
            "picture cannot be compared"
        )
        return part
    found = [similarity(seen, again) for seen, again in _pairs(upload, picture, recipe, shown)]
    part.not_compared = picture.frames - len(found)
    return _judged(part, recipe, found)


def _pairs(
    upload: Upload, picture: DecodedPicture, recipe: StatedRecipe, shown: Sequence[Pixels]
) -> Iterator[tuple[Pixels, Pixels]]:
    if recipe.kind == "walk" and picture.frames > 1:
        yield from zip(frames_at(upload, recipe.places), shown, strict=True)
    else:
        yield picture.pixels, shown[0]


def _judged(part: RemadePart, recipe: StatedRecipe, found: Sequence[Comparison]) -> RemadePart:
    """Fill in the outcome: the worst of all comparisons."""
    worst = min(found, key=lambda each: (each.equal, each.psnr_db))
    if all(each.equal for each in found):
        part.outcome = Outcome.EQUAL
    elif all(each.equal or each.is_similar for each in found):
        part.outcome = Outcome.SIMILAR
        part.false_match_rate = false_match_rate(min(worst.width, worst.height))
    else:
        part.outcome = Outcome.DIFFERENT
    part.compared = len(recipe.recipes)
    part.psnr_db, part.ssim = round(worst.psnr_db, 2), round(worst.ssim, 4)
    part.width, part.height = worst.width, worst.height
    part.urls = urls_of(recipe)
    return part


def false_match_rate(side: int) -> float | None:
    """Return the measured rate for pictures whose shorter side has `side` pixels."""
    return next((rate for least, rate in FALSE_MATCH_RATES if side >= least), None)


def urls_of(recipe: StatedRecipe) -> list[str]:
    """Return the addresses that make the pictures again."""
    card = recipe.served.card
    if not recipe.query:
        return [address_of(each, card, "png") for each in recipe.recipes]
    return [f"/interpolate?{urlencode(recipe.query, safe='@')}"]
