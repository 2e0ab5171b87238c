"""The seed contract: the mapping from a seed to a latent and a class. It must never change.

Owns the rules below. All machines and all releases must agree on them, so they use only SHA-256 and
the raw words of the Philox-4x64 counter generator (Salmon et al. 2011), whose output numpy
guarantees never to change.
The last bit of log, cos and sin in float64 is not guaranteed: it may differ between processors and
versions of numpy. Where that changes the rounding, a number of a latent differs in its last float32
bit, about one number in 2^28. Words and classes are exact everywhere.

**Text to integer.** Text is encoded as UTF-8 and hashed with SHA-256; the first 8 bytes, read as
a big-endian integer with the top bit cleared, are the seed.

**Integer to latent.** Words w0, w1, ... are the output of Philox-4x64 with the seed as its key and
a counter that starts at zero, as `numpy.random.Philox(key=seed)` gives them. Each pair becomes two
normal numbers by Box and Muller (1958): with u = (w0 // 2^11 + 1) / 2^53, v = (w1 // 2^11) / 2^53,
z0 = sqrt(-2 ln u) cos(2 pi v) and z1 = sqrt(-2 ln u) sin(2 pi v), in float64, rounded once to
float32. A latent of L numbers is the first L of them, so a longer one begins with a shorter one.

**Integer to class**, if a model has classes and the request names none: the first word w of
Philox-4x64 with the key seed + 2^64, so that latents are the same as without classes; of K classes
it is number w K // 2^64.

**Layer to noise map**, for networks that add noise: normal numbers as for latents, from Philox-4x64
with the key number of the layer + 2^65, counted from 0; row by row.
"""

from __future__ import annotations

import hashlib
import re

import numpy as np
from numpy.typing import NDArray

MAX_SEED = 2**63 - 1
MAX_SEED_TEXT = 128  # characters

Latent = NDArray[np.float32]

_INTEGER = re.compile(r"[+-]?[0-9]+")


def parse_seed(text: str) -> int:
    """Convert the text of a seed to an integer: digits are parsed, any other text is hashed.

    Raises:
        ValueError: an integer below 0 or above 2^63 - 1, or a text that is empty or too long.
    """
    if not 1 <= len(text) <= MAX_SEED_TEXT:
        raise ValueError(f"a seed is 1 to {MAX_SEED_TEXT} characters long, not {len(text)}")
    if not _INTEGER.fullmatch(text):
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") & MAX_SEED
    seed = int(text)
    if not 0 <= seed <= MAX_SEED:
        raise ValueError(f"a seed that is a number lies from 0 to {MAX_SEED} (2^63 - 1)")
    return seed


def latent_of(seed: int, size: int) -> Latent:
    """The latent `[size]`, standard normal, of `seed`.

    Raises:
        ValueError: `seed` is outside 0 to 2^63 - 1.
    """
    if not 0 <= seed <= MAX_SEED:
        raise ValueError(f"a seed lies from 0 to {MAX_SEED} (2^63 - 1), not {seed}")
    return _normal_numbers(seed, size)


def noise_of(layer: int, size: int) -> NDArray[np.float32]:
    """The fixed noise `[size]`, standard normal, of a layer of a network, counted from 0."""
    return _normal_numbers(layer + 2**65, size)


def _normal_numbers(key: int, size: int) -> NDArray[np.float32]:
    words = np.random.Philox(key=key).random_raw(size + size % 2) >> np.uint64(11)
    u = (words[0::2] + np.uint64(1)).astype(np.float64) * 2.0**-53
    v = words[1::2].astype(np.float64) * 2.0**-53
    radius, angle = np.sqrt(-2.0 * np.log(u)), 2.0 * np.pi * v
    pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return pairs.reshape(-1)[:size].astype(np.float32)


def label_of(seed: int, classes: int) -> int:
    """The class of `seed` if none is requested, 0 to `classes` - 1.

    Raises:
        ValueError: `seed` is outside 0 to 2^63 - 1, or there are no classes.
    """
    if not 0 <= seed <= MAX_SEED or classes < 1:
        raise ValueError(f"a seed from 0 to {MAX_SEED} and a class are needed: {seed}, {classes}")
    return int(np.random.Philox(key=seed + 2**64).random_raw()) * classes >> 64


def lerp(start: Latent, end: Latent, t: float) -> Latent:
    """Linear interpolation between two latents; exactly `start` at 0 and `end` at 1."""
    if t in (0.0, 1.0):
        return end if t else start
    return ((1.0 - t) * start.astype(np.float64) + t * end).astype(np.float32)


def slerp(start: Latent, end: Latent, t: float) -> Latent:
    """Spherical interpolation between two latents, linear in their lengths (Shoemake 1985).

    Exactly `start` at 0 and `end` at 1. Latents of (almost) the same direction are interpolated
    linearly. For opposite ones, whose great circle is not unique, the path passes a fixed third
    direction.
    """
    if t in (0.0, 1.0):
        return end if t else start
    a, b = start.astype(np.float64), end.astype(np.float64)
    length_a, length_b = np.linalg.norm(a), np.linalg.norm(b)
    cosine = float(np.clip(a @ b / (length_a * length_b), -1.0, 1.0))
    if cosine > 1.0 - 1e-9:
        return lerp(start, end, t)
    unit = a / length_a
    across = b / length_b - cosine * unit
    if cosine < -1.0 + 1e-9:
        axis = np.eye(len(a))[np.argmin(np.abs(unit))]
        across = axis - (axis @ unit) * unit
    across /= np.linalg.norm(across)
    angle = t * np.arccos(cosine)
    length = (1.0 - t) * length_a + t * length_b
    return (length * (np.cos(angle) * unit + np.sin(angle) * across)).astype(np.float32)
