"""MP4 files: lossy H.264 that browsers and phones play, with the index at the start of the file.

Owns the settings of the encoder (x264 through PyAV). The pixel format (yuv420p) halves the chroma
resolution and requires even sides: an odd side is padded by one pixel. Pictures with a side below
`SMALLEST_SIDE` are enlarged by an integer factor. The x264 in PyAV's wheels is under the GPL, which
applies to anyone who distributes an image or installer that contains it. This is the only module
that uses it.
"""

# pyright: reportUnknownMemberType=false
# The type stubs of PyAV leave the type of a packet's stream unknown.

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream

from models.picture import Bytes, Pixels, checked, in_colour, in_eight_bits, on_white
from service.media.provenance import Facts, one_line, xmp_packet

SMALLEST_SIDE: Final = 64  # pixels; players show smaller videos badly or not at all
CONSTANT_QUALITY: Final = "16"  # x264's crf: about 40 dB; 4:2:0 causes further loss
PROCESSOR_FACTS: Final = Path("/proc/cpuinfo")
XMP_BOX: Final = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")  # XMP part 3, section 1.2.7.1


def write_mp4(frames: Iterable[Pixels], fps: int, loop: bool, facts: Facts) -> bytes:
    """Encode pictures of one shape as an MP4 file.

    Args:
        frames: at least one; each is `[H, W, C]`. RGBA is composited on white.
        fps: frames per second; each frame lasts exactly 1 / fps seconds.
        loop: ignored: the player decides.
        facts: written as a comment and as XMP.

    """
    del loop
    pictures = (_enlarged(checked(frame)) for frame in frames)
    first = next(pictures)
    file = io.BytesIO()

    def reopened(*_: object) -> io.BytesIO:
        """Open the bytes written so far: the muxer reads them again to move the index."""
        return io.BytesIO(file.getvalue())

    settings = {"movflags": "+faststart", "fflags": "+bitexact"}
    with av.open(file, "w", format="mp4", options=settings, io_open=reopened) as film:
        film.metadata["comment"] = one_line(facts)
        stream = _add_stream(film, first, fps)
        for number, picture in enumerate(chain([first], pictures)):
            film.mux(stream.encode(_video_frame(picture, number, fps)))
        film.mux(stream.encode())
    packet = XMP_BOX + xmp_packet(facts)
    return file.getvalue() + struct.pack(">I4s", len(packet) + 8, b"uuid") + packet


@cache
def deterministic_options(processor_facts: Path) -> dict[str, str]:
    """Return options of x264 with which the same frames give the same bytes.

    With AVX-512, one file in a hundred had different bytes (see the lab book). With AVX2, which
    every processor with AVX-512 has, no file did, and the bytes are those of the other ninety-nine.
    """
    try:
        wide = "avx512" in processor_facts.read_text(encoding="utf-8", errors="replace")
    except OSError:  # not Linux
        return {}
    return {"x264-params": "asm=avx2"} if wide else {}


def _add_stream(film: OutputContainer, picture: Bytes, fps: int) -> VideoStream:
    """Add a stream for pictures of this size, in the colour space BT.709."""
    stream = film.add_stream("libx264", rate=fps)
    stream.height, stream.width = picture.shape[:2]
    stream.pix_fmt = "yuv420p"
    quality = {"crf": CONSTANT_QUALITY, "preset": "veryfast", "tune": "animation"}
    stream.options = {**quality, **deterministic_options(PROCESSOR_FACTS)}
    codec = stream.codec_context
    # One thread: the bytes are the same on every machine, and other cores stay free for requests.
    codec.thread_count = 1
    codec.colorspace = Colorspace.ITU709
    codec.color_primaries = ColorPrimaries.BT709
    codec.color_trc = ColorTrc.BT709
    codec.color_range = ColorRange.MPEG
    return stream


def _video_frame(picture: Bytes, number: int, fps: int) -> av.VideoFrame:
    """Convert RGB `[H, W, 3]` to the video frame with index `number`."""
    shot = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
        format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
    )
    shot.pts, shot.time_base = number, Fraction(1, fps)
    return shot


def _enlarged(pixels: Pixels) -> Bytes:
    """Convert to RGB `[H, W, 3]` with even sides, each at least `SMALLEST_SIDE`."""
    rgb = in_eight_bits(in_colour(on_white(pixels)))
    factor = -(-SMALLEST_SIDE // min(rgb.shape[:2]))
    large = rgb.repeat(factor, axis=0).repeat(factor, axis=1)
    odd_rows, odd_columns = (side % 2 for side in large.shape[:2])
    return np.pad(large, ((0, odd_rows), (0, odd_columns), (0, 0)), mode="edge")
