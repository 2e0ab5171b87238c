"""A self-contained HTML page: it needs no network access and no other file.

Owns the insertion of styles, script, numbers and pictures into `page.html`, and the atomic writing
of the page. Knows no generator; `page.js` draws the plots in the browser.
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
        out: path of the page.
        kept: folder in which converted grids are kept for the next page; None to keep none.
        on_progress: called with the number of grids read and the total.

    Returns:
        The size of the page in bytes.

    Raises:
        ConfigError: there is no run, or it cannot be read.
        OSError: the disk is full; an older page is kept.
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
    """Build the whole page."""
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
    """Convert a grid to JSON values; its picture is a data URI."""
    source = data_uri(frame.webp, "webp")
    return {
        "images_shown": frame.images_shown,
        "resolution": frame.resolution,
        "source": source,
    }


def picture_data_uri(path: Path, kind: str) -> str | None:
    """Encode a picture file as a data URI; None if there is no file."""
    return data_uri(path.read_bytes(), kind) if path.exists() else None


def data_uri(content: bytes, kind: str) -> str:
    """Encode the bytes of a picture as a data URI."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
