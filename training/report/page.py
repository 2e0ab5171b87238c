"""One page that needs nothing else: no network, no other file.

Owns how styles, script, numbers and pictures are put into `page.html`, and that the page appears
whole or not at all. Knows no generator; plots are drawn by `page.js` where the page is read.
"""

from __future__ import annotations

import base64
import html
import json
import time
from pathlib import Path

from training.atomic_folder import write_file
from training.progress_bar import OnProgress, ignore_progress
from training.quality.neighbours import SHEET_NEIGHBOURS as NEIGHBOURS_SHOWN
from training.rendering import SAMPLES
from training.report.frames import Frame, frames_of
from training.report.nearest_neighbours import SEARCHED, SHEET_FILE
from training.report.report_data import ReportData, report_data_of

HERE = Path(__file__).parent
REPORT_FILE = "report.html"
KEPT_FOLDER = "report"
NEIGHBOURS_FILE = "neighbours.png"


def write_page(
    run: Path, out: Path, kept: Path | None, on_progress: OnProgress = ignore_progress
) -> int:
    """Write the page of a run.

    Args:
        run: its folder.
        out: the page.
        kept: where small grids are kept between two pages; None to keep none.
        on_progress: takes grids read and grids in all.

    Returns:
        Its size in bytes.

    Raises:
        ConfigError: there is no run, or it cannot be read.
        OSError: the disk is full; an older page stays.
    """
    story = report_data_of(run)
    frames = frames_of(run / SAMPLES, story["images_shown"], kept, on_progress=on_progress)
    story |= {
        "written": time.strftime("%Y-%m-%d %H:%M"),
        "frames": [frame_in_json(frame) for frame in frames],
        "lookalikes": picture_data_uri(run / KEPT_FOLDER / SHEET_FILE, "webp"),
        "lookalikes_searched": min(SEARCHED, story["data"]["images"]),
        "neighbours": picture_data_uri(run / NEIGHBOURS_FILE, "png"),
        "neighbours_shown": NEIGHBOURS_SHOWN,
    }
    content = page_of(story).encode("utf-8")
    write_file(out, content)
    return len(content)


def page_of(story: ReportData) -> str:
    """The whole page."""
    numbers = json.dumps(story, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    parts = {
        "@style@": (HERE / "page.css").read_text(encoding="utf-8"),
        "@plots@": (HERE / "plots.js").read_text(encoding="utf-8"),
        "@script@": (HERE / "page.js").read_text(encoding="utf-8"),
        "@story@": numbers,
        "@title@": html.escape(str(story["name"])),
    }
    page = (HERE / "page.html").read_text(encoding="utf-8")
    for place, text in parts.items():
        before, _, after = page.partition(place)
        page = before + text + after
    return page


def frame_in_json(frame: Frame) -> ReportData:
    """A grid with its picture inside."""
    source = data_uri(frame.webp, "webp")
    return {
        "images_shown": frame.images_shown,
        "resolution": frame.resolution,
        "source": source,
    }


def picture_data_uri(path: Path, kind: str) -> str | None:
    """A picture file as an address that carries it; None if there is none."""
    return data_uri(path.read_bytes(), kind) if path.exists() else None


def data_uri(content: bytes, kind: str) -> str:
    """The bytes of a picture as an address."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
