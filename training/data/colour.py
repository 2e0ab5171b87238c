"""Pictures of any mode, with or without a colour profile -> 8-bit gray, RGB or RGBA in sRGB.

Owns colour profiles (ICC.1:2022) and transparency. Knows no target size.

**Profiles.** A picture whose file carries a colour profile is converted to sRGB by LittleCMS, with
the perceptual intent, as browsers show it. A profile that changes no colour by more than 1 of
255 counts as sRGB, and the pixels stay unchanged. A profile that is damaged, or made for another
pixel format, is ignored. `keep_profile` ignores every profile, for data whose numbers matter.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any, Literal, cast

import numpy as np
from PIL import Image, ImageCms

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
CONVERTED = "colour profile converted to sRGB"
UNUSABLE = "colour profile unusable, taken as sRGB"
PROFILES_HELD = 64  # transforms of different profiles that a process caches
TOLERANCE = 1  # of 255: a profile that deviates from sRGB by at most this counts as sRGB


class UnusableProfileError(ValueError):
    """A colour profile that is damaged, or made for another pixel format than the picture's."""


def plain(image: Image.Image, channels: int) -> Image.Image:
    """Convert an 8-bit picture of any mode to gray or RGB, or to RGBA if it has transparency.

    `channels` selects gray or RGB; a picture that has the mode already is not copied.
    """
    if image.mode == "LAB":
        return lab_to_rgb(image)
    if image.mode == "La":  # Pillow converts it only to LA
        image = image.convert("LA")
    mode = "RGBA" if image.has_transparency_data else MODES[channels]
    return image if image.mode == mode else image.convert(mode)


def to_srgb(image: Image.Image) -> tuple[Image.Image, str]:
    """Convert an 8-bit picture by its colour profile to RGB or RGBA in sRGB; also return a note.

    The note is `CONVERTED`, `UNUSABLE`, or empty if there is no profile or it is sRGB. Unless it is
    `CONVERTED`, the same picture is returned.
    """
    profile = image.info.get("icc_profile")
    if not profile:
        return image, ""
    try:
        mode = transform_mode(image, colour_space(profile))
        transform = transform_of(profile, mode)
    except (UnusableProfileError, ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image, UNUSABLE
    if transform is None:
        return image, ""
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    base = image.convert("LA") if image.mode == "La" else image
    converted = ImageCms.applyTransform(
        base if base.mode == mode else base.convert(mode), transform
    )
    assert converted is not None  # not done in place, so a picture is returned
    if alpha is not None:
        converted.putalpha(alpha)
    return converted, CONVERTED


def colour_space(profile: bytes) -> str:
    """The colour space in the header of a profile: `RGB`, `GRAY`, `CMYK`, `Lab` and others."""
    return profile[16:20].decode("ascii", "replace").strip()  # ICC.1:2022, 7.2.8


def transform_mode(image: Image.Image, space: str) -> str:
    """The Pillow mode in which a profile of this colour space is applied to a picture.

    Raises:
        UnusableProfileError: the colour space does not match the mode of the picture.
    """
    gray = image.mode in ("1", "L", "LA", "La")
    modes = {"CMYK": "CMYK", "LAB": "Lab"}
    if image.mode in modes:
        if modes[image.mode] != space:
            raise UnusableProfileError(f"a profile of {space} for {image.mode}")
        return image.mode
    if space == "GRAY" and gray:
        return "L"
    if space == "RGB":
        return "RGB"
    raise UnusableProfileError(f"a profile of {space} for {image.mode}")


@lru_cache(maxsize=PROFILES_HELD)
def transform_of(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Build the transform from `mode` with this profile to RGB in sRGB; None if it changes nothing.

    Raises:
        PyCMSError: the profile is damaged.
    """
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    target = built_in("sRGB")
    transform = ImageCms.buildTransform(source, target, mode, "RGB", ImageCms.Intent.PERCEPTUAL)
    if mode in ("L", "RGB"):
        probe = probe_of(mode)
        moved = ImageCms.applyTransform(probe, transform)
        assert moved is not None  # not done in place, so a picture is returned
        before, after = (np.asarray(each, np.int16) for each in (probe.convert("RGB"), moved))
        if np.abs(before - after).max() <= TOLERANCE:
            return None
    return transform


def probe_of(mode: str) -> Image.Image:
    """A picture of colours that sample all of gray or RGB evenly."""
    ramp = np.arange(0, 256, 15, dtype=np.uint8)
    if mode == "L":
        return Image.fromarray(ramp[None])
    cube = np.stack(np.meshgrid(ramp, ramp, ramp), axis=-1)
    return Image.fromarray(cube.reshape(1, -1, 3))


def built_in(name: Literal["sRGB", "LAB"]) -> ImageCms.ImageCmsProfile:
    """A profile built into LittleCMS."""
    profile = cast("Any", ImageCms.createProfile(name))
    return ImageCms.ImageCmsProfile(profile)


def lab_to_rgb(image: Image.Image) -> Image.Image:
    """Convert CIE L*a*b* without a profile, as in TIFF, to RGB."""
    converted = ImageCms.profileToProfile(
        image, built_in("LAB"), built_in("sRGB"), outputMode="RGB"
    )
    assert converted is not None  # not done in place, so a picture is returned
    return converted


def flattened(image: Image.Image, channels: int) -> Image.Image:
    """Convert to `channels`; transparency is composited over white unless `channels` is 4."""
    if image.mode == "RGBA" and channels != 4:
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(image)
        image = ground
    return image.convert(MODES[channels])
