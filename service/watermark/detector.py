"""The detector of the watermark: from pixels alone to a report with a bound on chance.

Owns the decision. Knows neither files nor routes, and needs neither the unmarked picture nor the
model. `docs/watermark.md` tells what survives, measured.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.picture import Pixels, checked
from service.watermark.alignment import NEARLY_ZERO, Alignment, align, hypotheses_at
from service.watermark.key import WATERMARK_VERSION, WatermarkKey, watermark_key
from service.watermark.pattern import Carriers, carriers_of, symbols_of
from service.watermark.payload import (
    CODED_BITS,
    PREFIX_BYTES,
    Bits,
    decode_message,
    encode_message,
    prefix_in,
)
from service.watermark.spectrum import Spectrum, brightness_of, centre_of, without_edges

FALSE_POSITIVE_RATE: Final = 1e-6  # for each picture, over all keys
LARGEST_SIDE: Final = 1024  # pixels; of larger pictures the middle is searched
COARSE_SIDE: Final = 512  # pixels of the first search
SMALLEST_SOUGHT: Final = 40  # pixels; below it no mark is sought


@dataclass(frozen=True)
class WatermarkReport:
    """Result of a search for a watermark.

    Attributes:
        found: True if the p-value is at most the accepted false-positive rate.
        p_value: upper bound for the probability that a picture which was made without the key
            gives evidence as strong as this.
        version: version of the watermark that was sought.
        key: name of the key that was found, as in the fact `watermark`; None if none was.
        model_prefix: first 8 hexadecimal digits of the digest of the model; None if the payload
            cannot be read.
        bit_confidence: share of the evidence for the coded bits that agrees with the payload, 0 to
            1; 0 if it cannot be read.
        scale: size of the picture relative to the unchanged one; None if nothing was found.
        angle_degrees: rotation, counter-clockwise; None if nothing was found.
        explanation: how the decision was made, in words.
    """

    found: bool
    p_value: float
    version: int
    key: str | None
    model_prefix: str | None
    bit_confidence: float
    scale: float | None
    angle_degrees: float | None
    explanation: str


@dataclass(frozen=True)
class _Candidate:
    """The best hypothesis of one key."""

    key: WatermarkKey
    p_value: float
    prefix: str | None
    confidence: float
    alignment: Alignment


def detect_watermark(
    pixels: Pixels,
    keys: Sequence[WatermarkKey] | None = None,
    false_positive_rate: float = FALSE_POSITIVE_RATE,
) -> WatermarkReport:
    """Search a picture `[H, W, C]` for the watermarks of some keys.

    Sizes of 0.45 to 2.2 times the original, rotations up to 2 degrees and any crop are searched.

    Args:
        pixels: uint8, gray, RGB or RGBA.
        keys: the keys to try; None for the public one.
        false_positive_rate: largest accepted p-value.

    Raises:
        ValueError: these are not the pixels of a picture.
    """
    pixels = checked(pixels)
    keys = [watermark_key()] if keys is None else keys
    if min(pixels.shape[:2]) < SMALLEST_SOUGHT or not keys:
        why = "no key was given" if not keys else f"it is smaller than {SMALLEST_SOUGHT} pixels"
        return _report(None, 1.0, false_positive_rate, f"nothing was sought: {why}")
    plane = without_edges(centre_of(brightness_of(pixels), LARGEST_SIDE))
    middle = centre_of(plane, COARSE_SIDE)
    fine = Spectrum(plane)
    coarse = fine if middle.shape == plane.shape else Spectrum(middle)
    candidates = [_candidate(key, coarse, fine, max(middle.shape)) for key in keys]
    best = min(candidates, key=lambda each: each.p_value)
    p_value = min(1.0, best.p_value * len(keys))
    return _report(best, p_value, false_positive_rate, _explanation(best, len(keys)))


def _candidate(key: WatermarkKey, coarse: Spectrum, fine: Spectrum, side: int) -> _Candidate:
    carriers = carriers_of(key)
    alignment = align(coarse, fine, side, carriers)
    bearers = alignment.bearers(fine, carriers)
    evidence = _bit_evidence(bearers, carriers)
    message = decode_message(evidence)
    prefix = prefix_in(message)
    hypotheses = math.log(hypotheses_at(side))
    excess = alignment.evidence - hypotheses
    if prefix is not None:
        # With a payload whose check is right all frequencies count, and each of the 2^32 payloads
        # is one more hypothesis.
        payloads = 8 * PREFIX_BYTES * math.log(2)
        together = _evidence_of_all(bearers, carriers, message, alignment)
        excess = max(excess, together - hypotheses - payloads)
    p_value = min(1.0, 2 * math.exp(-max(excess, 0.0)))  # two: the decision is made in two ways
    confidence = 0.0 if prefix is None else _agreement(evidence, message)
    return _Candidate(key, p_value, prefix, confidence, alignment)


def _bit_evidence(bearers: NDArray[np.complex128], carriers: Carriers) -> NDArray[np.float64]:
    """Sum up the evidence for each coded bit: `[162]`, positive for 1."""
    axes = np.stack([bearers.real, bearers.imag], axis=1)
    sums = np.zeros(CODED_BITS)
    np.add.at(sums, carriers.slots.ravel(), axes.ravel())
    return sums


def _evidence_of_all(
    bearers: NDArray[np.complex128], carriers: Carriers, message: Bits, alignment: Alignment
) -> float:
    """As `Alignment.evidence`, of pilots and bearers together, for one message."""
    expected = symbols_of(carriers, encode_message(message)) * carriers.bearer_values.conj()
    total = alignment.total + float(np.sum((bearers * expected.conj()).real))
    energy = alignment.energy + float(np.sum(np.abs(bearers) ** 2))
    return max(total, 0.0) ** 2 / energy


def _agreement(evidence: NDArray[np.float64], message: Bits) -> float:
    """The share of the evidence for coded bits that agrees with a message, 0 to 1."""
    agrees = (evidence > 0) == (encode_message(message) == 1)
    return float(np.abs(evidence[agrees]).sum() / (np.abs(evidence).sum() + NEARLY_ZERO))


def _explanation(best: _Candidate, keys: int) -> str:
    return (
        f"evidence {best.alignment.evidence:.1f} of the pilots; the p-value is a bound that holds "
        "for every picture made without the key, by Chernoff's inequality, times the number of "
        f"sizes, rotations, places, payloads and keys ({keys}) that were tried"
    )


def _report(
    best: _Candidate | None, p_value: float, false_positive_rate: float, explanation: str
) -> WatermarkReport:
    if best is None or p_value > false_positive_rate:
        return WatermarkReport(
            False, p_value, WATERMARK_VERSION, None, None, 0.0, None, None, explanation
        )
    down, right, angle = best.alignment.map.tolist()
    return WatermarkReport(
        found=True,
        p_value=p_value,
        version=WATERMARK_VERSION,
        key=best.key.name,
        model_prefix=best.prefix,
        bit_confidence=best.confidence,
        scale=math.exp((down + right) / 2),
        angle_degrees=-math.degrees(angle),
        explanation=explanation,
    )
