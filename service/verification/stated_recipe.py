"""From stated facts to the recipes that would make the picture again: the inverse of `facts`.

Owns the meaning of the facts of a picture, a sheet, a walk and a frame of a walk. Facts come from
strangers: each value is checked, and a fact that is not understood forbids making the picture
again, since it may be an input of it. Knows no pixels.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from models.latent import MAX_SEED
from models.plain_number import decimal_number
from service.batching.engine import ModelInfo
from service.batching.recipe import (
    SOURCE_FACT,
    Method,
    Point,
    Recipe,
    Styling,
    frames_of_walk,
    point_between,
    point_of,
    walk,
)
from service.batching.styling import require_method, require_styling
from service.errors import NotReady, OutOfRange, UnknownModel
from service.facts import value_facts
from service.watermark.key import UNMARKED

PINNED: Final = re.compile(r"[^@\s]{1,200}@[0-9a-f]{64}")
MOST_SEEDS: Final = 64
MOST_FRAMES_COMPARED: Final = 16
INPUTS: Final = frozenset(
    [
        *("seed", "start", "end", "t", "method", "steps", "frames"),
        *("model", "resolution", "label", "psi", "mix", "edit", "watermark"),
    ]
)
PLURALS: Final = ("seeds", "labels")
VALUES: Final = ("bit_depth", "value_low", "value_high")  # of the model, for pixels of 16 bits
REMARKS: Final = frozenset(["software", "licence", "credit", "watermark", *VALUES])
TRANSLATION: Final = frozenset([SOURCE_FACT, "to"])  # its source is not here to be tried
UNDERSTOOD: Final = INPUTS | REMARKS | TRANSLATION

FindModel = Callable[[str], ModelInfo]


class NotTried(Exception):
    """The picture cannot be made again here; the message states the reason."""


@dataclass(frozen=True)
class StatedRecipe:
    """Recipes of the pictures in a file.

    Attributes:
        kind: `picture`, `sheet` (several side by side), `walk` (an animation) or `strip` (all
            frames of a walk side by side).
        served: the model.
        seeds: all stated seeds; of a walk, its key frames.
        recipes: one for each picture of a sheet, or for each compared frame of a walk.
        places: of a walk, the numbers of the compared frames, rising; else empty.
        query: of a walk or strip, the parameters of the request that makes it again; else empty.
    """

    kind: str
    served: ModelInfo
    seeds: Sequence[int]
    recipes: Sequence[Recipe]
    places: Sequence[int] = ()
    query: Sequence[tuple[str, str]] = ()


def stated_recipe(facts: Mapping[str, str], frames: int, find: FindModel) -> StatedRecipe:
    """Return the recipes that facts state.

    Args:
        facts: as in the file; plurals have several values, percent-encoded, separated by spaces.
        frames: number of frames of the file.
        find: pinned name -> loaded model.

    Raises:
        NotTried: the facts are incomplete or not understood, or the model is not loaded here.
    """
    names = {name.removesuffix("s") if name in PLURALS else name for name in facts}
    if TRANSLATION & names:
        raise NotTried(
            "it was translated from an uploaded picture, which the service does not keep: send the "
            "same file to POST /translate, and compare X-Pixel-SHA256"
        )
    if unknown := sorted(names - UNDERSTOOD):
        raise NotTried(f"it states {', '.join(unknown)}, which this version does not know")
    served = _model_of(facts, find)
    _require_values(facts, served)
    try:
        resolution = served.resolution_for(_integer(facts, "resolution"))
        points = _points(facts)
        require_method(served, points[0].method if points[0].t else _method(facts))
        styling = _styling(facts, served)
        labels = [served.label_for(label) for label in _labels(facts, len(points))]
        watermark = _watermark(facts, served)
    except OutOfRange as error:
        raise NotTried(f"what it states is impossible: {error}") from error
    if "steps" in facts:
        return _stated_walk(facts, served, [point.start for point in points], frames, styling)
    if frames != 1 or "frames" in facts:
        raise NotTried(f"it has {frames} frames and does not state the steps of a walk")
    recipes = [
        Recipe(served.pinned_name, point, resolution, label, watermark, *styling)
        for point, label in zip(points, labels, strict=True)
    ]
    ends = [seed for point in points for seed in (point.start, point.end)]
    kind = "picture" if len(recipes) == 1 else "sheet"
    return StatedRecipe(kind, served, list(dict.fromkeys(ends)), recipes)


def _stated_walk(
    facts: Mapping[str, str],
    served: ModelInfo,
    seeds: list[int],
    frames: int,
    styling: Styling,
) -> StatedRecipe:
    """Return some frames of a walk, evenly spread, first and last included; of a strip, all."""
    steps, is_strip = _integer(facts, "steps"), "frames" in facts
    if (method := _method(facts)) is None:
        raise NotTried("it does not state the method of its walk")
    if is_strip:
        frames = _frames_of_strip(facts, frames)
    loop = frames == len(seeds) * steps
    if len(seeds) < 2 or steps < 1 or frames != frames_of_walk(len(seeds), steps, loop=loop):
        raise NotTried(
            f"it has {frames} frames, and {len(seeds)} seeds with {steps} steps make another number"
        )
    points = walk(seeds, steps, loop=loop, method=method)
    count = frames if is_strip else min(frames, MOST_FRAMES_COMPARED)
    places = sorted({round(k * (frames - 1) / max(count - 1, 1)) for k in range(count)})
    resolution, label = _integer(facts, "resolution"), facts.get("label")
    watermark = _watermark(facts, served)
    recipes = [
        Recipe(served.pinned_name, points[at], resolution, label, watermark, *styling)
        for at in places
    ]
    named = ("steps", "resolution", "model", "label", "psi", "mix", "edit", "method")
    query = [("seed", str(seed)) for seed in seeds]
    query += [(name, facts[name]) for name in named if name in facts]
    query += [("loop", "true")] if loop else []
    query += [("format", "strip")] if is_strip else []
    return StatedRecipe("strip" if is_strip else "walk", served, seeds, recipes, places, query)


def _frames_of_strip(facts: Mapping[str, str], frames: int) -> int:
    """Return the number of frames that a still picture states to show."""
    if frames != 1:
        raise NotTried(f"it has {frames} frames and states to be a strip, which is one picture")
    if (count := _integer(facts, "frames")) > MOST_SEEDS:
        raise NotTried(f"it states a strip of {count} frames; up to {MOST_SEEDS} are tried")
    return count


def _model_of(facts: Mapping[str, str], find: FindModel) -> ModelInfo:
    if not PINNED.fullmatch(pinned := facts.get("model", "")):
        raise NotTried("it does not state a model with its digest")
    try:
        return find(pinned)
    except UnknownModel as error:
        raise NotTried(
            f"it states the model {pinned}, which is not loaded here: {error}"
        ) from error
    except NotReady as error:
        raise NotTried(str(error)) from error


def _require_values(facts: Mapping[str, str], served: ModelInfo) -> None:
    """Refuse a file that says of its pixels that they stand for other values than its model's."""
    own = value_facts(served.card)
    for name in VALUES:
        if name in facts and facts[name] != own.get(name):
            raise NotTried(
                f"it states {name} {facts[name]}, and its model has {own.get(name, 'none')}"
            )


def _points(facts: Mapping[str, str]) -> list[Point]:
    """Return the points of the stated seeds, or the one point between two seeds."""
    if "t" in facts:
        try:
            t, method = decimal_number(facts["t"]), Method(facts.get("method", "slerp"))
        except ValueError as error:
            raise NotTried("it does not state a point between two seeds") from error
        if not 0.0 < t < 1.0:
            raise NotTried("it states a point that does not lie between two seeds")
        start, end = (_seed(facts.get(name, "")) for name in ("start", "end"))
        return [point_between(start, end, t, method)]
    texts = facts["seeds"].split(" ") if "seeds" in facts else [facts.get("seed", "")]
    if len(texts) > MOST_SEEDS:
        raise NotTried(f"it states {len(texts)} seeds; up to {MOST_SEEDS} are tried")
    return [point_of(_seed(text)) for text in texts]


def _labels(facts: Mapping[str, str], count: int) -> list[str | None]:
    if "labels" not in facts:
        return [facts.get("label")] * count
    labels: list[str | None] = [unquote(text) for text in facts["labels"].split(" ")]
    if len(labels) != count:
        raise NotTried(f"it states {count} seeds and {len(labels)} labels")
    return labels


def _method(facts: Mapping[str, str]) -> Method | None:
    """Return the stated interpolation; None if none is stated, or one that there is not."""
    text = facts.get("method")
    return Method(text) if text in list(Method) else None


def _styling(facts: Mapping[str, str], served: ModelInfo) -> Styling:
    """Return the stated truncation, second style and edits."""
    try:
        psi = decimal_number(facts["psi"]) if "psi" in facts else None
    except ValueError as error:
        raise NotTried("it does not state its psi") from error
    return require_styling(served, psi, facts.get("mix"), [facts.get("edit", "")])


def _watermark(facts: Mapping[str, str], served: ModelInfo) -> str | None:
    """Return the stated watermark; None where none is stated, as before there were any."""
    stated = facts.get("watermark")
    if stated in (None, UNMARKED, served.watermark):
        return stated
    raise NotTried(f"it states the watermark {stated}, and here it is {served.watermark or 'off'}")


def _integer(facts: Mapping[str, str], name: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", text := facts.get(name, "")):
        raise NotTried(f"it does not state its {name}")
    return int(text)


def _seed(text: str) -> int:
    """Return a seed that is stated as an integer; only requests may have other text."""
    if re.fullmatch(r"[0-9]{1,19}", text) and int(text) <= MAX_SEED:
        return int(text)
    raise NotTried("it does not state its seed")
