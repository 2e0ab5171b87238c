"""Picture files that Pillow does not write, built byte by byte for tests."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

ORIENTATION = 274
BYTE, SHORT, LONG = 1, 3, 4  # types of TIFF tags
CODES = {BYTE: "B", SHORT: "H", LONG: "I"}

# Chromaticities (x, y) of red, green, blue, and the luminances they need for white D65.
Primaries = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
SRGB: Primaries = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
DISPLAY_P3: Primaries = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
ADOBE_RGB: Primaries = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
D65 = (0.3127, 0.3290)
D50 = np.array([0.9642, 1.0, 0.8249])  # the white of ICC's connection space
BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def encode(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """A picture as a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def tiff(
    pixels: np.ndarray,
    *,
    photometric: int = 1,
    sample_format: int = 1,
    planar: bool = False,
    deflated: bool = False,
    big_endian: bool = False,
    extra: dict[int, tuple[int, list[int]]] | None = None,
) -> bytes:
    """A TIFF of one strip (one for each plane if `planar`).

    Args:
        pixels: `[H, W]` or `[H, W, C]`, of any number type.
        photometric: 0 white is zero, 1 black is zero, 2 RGB.
        sample_format: 1 unsigned, 2 signed, 3 floating-point.
        planar: one colour after the other.
        deflated: compressed.
        big_endian: `MM` instead of `II`.
        extra: more tags -> type and values.
    """
    order = ">" if big_endian else "<"
    height, width = pixels.shape[:2]
    samples = 1 if pixels.ndim == 2 else pixels.shape[2]
    stored = pixels.astype(pixels.dtype.newbyteorder(order))
    planes = [stored[..., n] for n in range(samples)] if planar else [stored]
    strips = [np.ascontiguousarray(plane).tobytes() for plane in planes]
    if deflated:
        strips = [zlib.compress(strip) for strip in strips]
    place, offsets = 8, list[int]()
    for strip in strips:
        offsets.append(place)
        place += len(strip) + len(strip) % 2
    tags = {
        256: (LONG, [width]),
        257: (LONG, [height]),
        258: (SHORT, [pixels.dtype.itemsize * 8] * samples),
        259: (SHORT, [8 if deflated else 1]),
        262: (SHORT, [photometric]),
        273: (LONG, offsets),
        277: (SHORT, [samples]),
        278: (LONG, [height]),
        279: (LONG, [len(strip) for strip in strips]),
        284: (SHORT, [2 if planar else 1]),
        339: (SHORT, [sample_format] * samples),
        **(extra or {}),
    }
    body = b"".join(strip + b"\0" * (len(strip) % 2) for strip in strips)
    return (
        struct.pack(f"{order}2sHI", b"MM" if big_endian else b"II", 42, place)
        + body
        + ifd(tags, place, order)
    )


def ifd(tags: dict[int, tuple[int, list[int]]], place: int, order: str) -> bytes:
    """A directory of TIFF tags that begins at byte `place`."""
    entries, values = b"", b""
    after = place + 2 + 12 * len(tags) + 4
    for tag, (kind, numbers) in sorted(tags.items()):
        data = struct.pack(f"{order}{len(numbers)}{CODES[kind]}", *numbers)
        if len(data) > 4:
            entries += struct.pack(f"{order}HHII", tag, kind, len(numbers), after + len(values))
            values += data + b"\0" * (len(data) % 2)
        else:
            entries += struct.pack(f"{order}HHI", tag, kind, len(numbers)) + data.ljust(4, b"\0")
    return struct.pack(f"{order}H", len(tags)) + entries + bytes(4) + values


def to_xyz(primaries: Primaries, white: tuple[float, float] = D65) -> np.ndarray:
    """The matrix from linear RGB of these primaries to XYZ, `[3, 3]`."""
    columns = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in primaries]).T
    target = np.array([white[0] / white[1], 1.0, (1 - white[0] - white[1]) / white[1]])
    return columns * np.linalg.solve(columns, target)


def rgb_profile(primaries: Primaries, gamma: float) -> bytes:
    """An ICC profile (version 2) of these primaries and a white of D65, with a plain exponent."""
    matrix = to_xyz(primaries)
    cone_from, cone_to = BRADFORD @ matrix.sum(axis=1), BRADFORD @ D50
    adapted = np.linalg.inv(BRADFORD) @ np.diag(cone_to / cone_from) @ BRADFORD @ matrix
    tags = {
        tag: b"XYZ " + bytes(4) + b"".join(map(fixed, adapted[:, n]))
        for n, tag in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))
    }
    tags |= {tag: curve(gamma) for tag in (b"rTRC", b"gTRC", b"bTRC")}
    return profile(b"RGB ", tags)


def gray_profile(gamma: float) -> bytes:
    """An ICC profile of gray with a plain exponent, such as a dot gain comes to."""
    return profile(b"GRAY", {b"kTRC": curve(gamma)})


def cmyk_profile() -> bytes:
    """An ICC profile of CMYK by a table: plain ink on white, in CIE L*a*b*, of two steps an ink."""
    inks = np.stack(np.meshgrid(*[[0.0, 1.0]] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
    light = (1 - inks[:, :3].mean(axis=1)) * (1 - inks[:, 3])
    lab = np.stack([light * 255, np.full(16, 128.0), np.full(16, 128.0)], axis=1)
    identity = bytes(range(256))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0])
    table += b"".join(fixed(float(row == column)) for row in range(3) for column in range(3))
    table += identity * 4 + lab.round().astype(np.uint8).tobytes() + identity * 3
    return profile(b"CMYK", {b"A2B0": table}, kind=b"prtr", connection=b"Lab ")


def profile(
    space: bytes, tags: dict[bytes, bytes], kind: bytes = b"mntr", connection: bytes = b"XYZ "
) -> bytes:
    """An ICC profile (version 2.1) of these tags."""
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(78)
    white = b"XYZ " + bytes(4) + b"".join(map(fixed, D50))
    tags = {b"desc": text, b"wtpt": white, b"cprt": b"text" + bytes(4) + b"none\0", **tags}
    place, table, body = 132 + 12 * len(tags), b"", b""
    for name, data in tags.items():
        table += name + struct.pack(">II", place + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    size = place + len(body)
    head = struct.pack(">I4s4s4s4s4s", size, bytes(4), b"\x02\x10\0\0", kind, space, connection)
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += b"".join(map(fixed, D50)) + bytes(48)
    return head + struct.pack(">I", len(tags)) + table + body


def curve(gamma: float) -> bytes:
    """An ICC tone curve: a plain exponent."""
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)


def fixed(value: float) -> bytes:
    """A number as ICC's s15Fixed16."""
    return struct.pack(">i", round(value * 65536))


def srgb_of(primaries: Primaries, gamma: float, colour: tuple[int, ...]) -> np.ndarray:
    """A colour of 8 bits in other primaries as 8-bit sRGB, by IEC 61966-2-1; not rounded."""
    linear = (np.array(colour) / 255) ** gamma
    linear = (np.linalg.solve(to_xyz(SRGB), to_xyz(primaries)) @ linear).clip(0, 1)
    return encoded_srgb(linear) * 255


def encoded_srgb(linear: np.ndarray) -> np.ndarray:
    """Linear light, 0 to 1, by sRGB's transfer function."""
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
