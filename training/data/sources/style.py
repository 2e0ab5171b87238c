"""The styles of DiceBear, with adjusted options for some of them.

Owns the reading, repair and options of a style. Knows nothing of pixels.

**The look of `personas`.** The figure is enlarged by a fifth and lowered, so that the head fills
the picture, every hairstyle stays inside, and the shoulders are cropped. Backgrounds are eight
plain soft colours. Parts of very few pixels are left out (pacifier, wrinkles, soul patch, checkered
clothes), and so are parts that look like errors (the shadow of the cap; the full beard, which looks
like a mask on dark faces). Beards are twice as frequent as in the style. There remain 3 clothes x 6
eyes x 19 hairstyles x 6 mouths x 2 noses = 4,104 combinations, 4 beards on every fifth face, and
the colours of the style for skin, hair, beard and clothes.

**The look of `landscape`.** The sun is a disc. An open ring, or a disc within a thin ring, is drawn
by a small network as a hole or a halo, and taken for an error.

**Blending.** Some styles lighten a part by a shape with a blend mode *inside a masked group*. A
group with a mask is rendered separately from the layers below, so the blend mode has no effect, and
dark skin becomes gray. If all shapes of such a group share a blend mode, it is moved to the group,
as the style's author intended.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from dicebear import Style

Element = dict[str, Any]  # of an SVG drawing: name, attributes and children

LOOKS: dict[str, dict[str, Any]] = {
    "personas": {"scale": 1.2, "translateY": 4, "facialHairProbability": 20},  # last two: per cent
}
LEFT_OUT: dict[str, dict[str, tuple[str, ...]]] = {
    "landscape": {"orb": ("glow", "ring")},
    "personas": {
        "clothes": ("checkered",),
        "facialHair": ("beardMustache", "soulPatch"),
        "hair": ("cap",),
        "mouth": ("pacifier",),
        "nose": ("wrinkles",),
    },
}


def known_styles() -> tuple[str, ...]:
    """Names of the installed styles."""
    names = (file.name for file in files("dicebear_styles").iterdir())
    return tuple(sorted(name.removesuffix(".json") for name in names if name.endswith(".json")))


def read_definition(style: str) -> dict[str, Any]:
    """The definition of a known style, as published."""
    return json.loads(files("dicebear_styles").joinpath(f"{style}.json").read_text("utf-8"))


@cache
def load_style(style: str) -> Style:
    """Load a style with its blending repaired; cached in every process."""
    definition = read_definition(style)
    components = definition.get("components", {}).values()
    # A component that extends another one has no variants of its own.
    variants = [v for c in components for v in c.get("variants", {}).values()]
    for part in [definition["canvas"], *variants]:
        for element in part["elements"]:
            lift_blending(element)
    return Style(definition)


@cache
def look_of(style: str) -> dict[str, Any]:
    """The options for drawing a style; empty, for DiceBear's defaults, if none are defined here."""
    components = read_definition(style).get("components", {})
    kept = {
        f"{name}Variant": [part for part in components[name]["variants"] if part not in left_out]
        for name, left_out in LEFT_OUT.get(style, {}).items()
    }
    return {**LOOKS.get(style, {}), **kept}


def lift_blending(element: Element) -> None:
    """Move a blend mode shared by all shapes of a masked group to the group, in place."""
    children: list[Element] = [c for c in element.get("children", []) if isinstance(c, dict)]
    for child in children:
        lift_blending(child)
    attributes = element.get("attributes", {})
    styles: set[Any] = {child.get("attributes", {}).get("style") for child in children}
    shared = styles.pop() if len(styles) == 1 else None
    if element.get("name") != "g" or "mask" not in attributes or "style" in attributes:
        return
    if isinstance(shared, str) and shared.startswith("mix-blend-mode:"):
        attributes["style"] = shared
        for child in children:
            del child["attributes"]["style"]
