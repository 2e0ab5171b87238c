"""MP4 files: H.264 that browsers and phones play, with the index in front; lossy.

Owns the settings of the encoder (x264 through PyAV). H.264 here halves the resolution of colour
and wants even sizes, so an odd side is continued by one pixel and tiny pictures are enlarged by a
whole factor. The x264 in PyAV's wheels is under the GPL: whoever passes on an image or installer
that contains it must keep to that. This is the only room that uses it.
"""

# pyright: reportUnknownMemberType=false
# The stubs of PyAV leave the type of what a packet belongs to open.

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

from models.picture import Pixels, checked, in_colour, on_white
from service.media.provenance import Facts, one_line, xmp_packet

SMALLEST_SIDE: Final = 64  # pixels; players show less badly or not at all
CONSTANT_QUALITY: Final = "16"  # x264's crf: about 40 dB, the rest is lost to 4:2:0
PROCESSOR_FACTS: Final = Path("/proc/cpuinfo")
XMP_BOX: Final = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")  # XMP part 3, section 1.2.7.1


def write_mp4(frames: Iterable[Pixels], fps: int, loop: bool, facts: Facts) -> bytes:
    """Pictures of one shape as an MP4 file.

    Args:
        frames: at least one; each is `[H, W, C]`. Transparency is laid over white.
        fps: frames per second; each frame lasts exactly 1 / fps seconds.
        loop: has no meaning here, the player decides.
        facts: written as a comment and as XMP.

    """
    del loop
    pictures = (_enlarged(checked(frame)) for frame in frames)
    first = next(pictures)
    file = io.BytesIO()

    def reopened(*_: object) -> io.BytesIO:
        """What is written so far, which the writer reads again to put the index in front."""
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
    """Options of x264 by which the same frames give the same bytes.

    On a processor with AVX-512, one file in a hundred came out otherwise (see the lab book); with
    AVX2, which every such processor has, none did, and they are the bytes of the ninety-nine.
    """
    try:
        wide = "avx512" in processor_facts.read_text(encoding="utf-8", errors="replace")
    except OSError:  # not Linux
        return {}
    return {"x264-params": "asm=avx2"} if wide else {}


def _add_stream(film: OutputContainer, picture: Pixels, fps: int) -> VideoStream:
    """A stream of pictures like this one, in the colours of BT.709."""
    stream = film.add_stream("libx264", rate=fps)
    stream.height, stream.width = picture.shape[:2]
    stream.pix_fmt = "yuv420p"
    quality = {"crf": CONSTANT_QUALITY, "preset": "veryfast", "tune": "animation"}
    stream.options = {**quality, **deterministic_options(PROCESSOR_FACTS)}
    codec = stream.codec_context
    # One thread: the same bytes on every machine, and the others stay free for requests.
    codec.thread_count = 1
    codec.colorspace = Colorspace.ITU709
    codec.color_primaries = ColorPrimaries.BT709
    codec.color_trc = ColorTrc.BT709
    codec.color_range = ColorRange.MPEG
    return stream


def _video_frame(picture: Pixels, number: int, fps: int) -> av.VideoFrame:
    """RGB `[H, W, 3]` as the frame of that number."""
    shot = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
        format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
    )
    shot.pts, shot.time_base = number, Fraction(1, fps)
    return shot


def _enlarged(pixels: Pixels) -> Pixels:
    """As RGB `[H, W, 3]` with even sides, each at least `SMALLEST_SIDE`."""
    rgb = in_colour(on_white(pixels))
    factor = -(-SMALLEST_SIDE // min(rgb.shape[:2]))
    large = rgb.repeat(factor, axis=0).repeat(factor, axis=1)
    odd_rows, odd_columns = (side % 2 for side in large.shape[:2])
    return np.pad(large, ((0, odd_rows), (0, odd_columns), (0, 0)), mode="edge")
