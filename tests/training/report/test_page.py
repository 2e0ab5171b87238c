"""The page: whole, alone, and proof against what a run may be called."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.training.conftest import FullDisk
from training.report.page import page_of, write_page
from training.report.report_data import report_data_of


def story_in(page: str) -> dict[str, Any]:
    """What the page's script reads."""
    found = re.search(r'<script type="application/json" id="story">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_a_page_needs_nothing_else(finished: Path, tmp_path: Path) -> None:
    """No address but those that carry their bytes; every grid of the run inside."""
    size = write_page(finished, tmp_path / "page.html", None)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    story = story_in(page)

    assert size == (tmp_path / "page.html").stat().st_size
    assert not re.search(r"""(src|href)\s*=\s*["'](?!data:)|@import|url\(|\bfetch\(""", page)
    assert [frame["images_shown"] for frame in story["frames"]] == [16, 24, 32, 48, 64, 72]
    assert all(f["source"].startswith("data:image/webp;base64,") for f in story["frames"])
    assert story["lookalikes"].startswith("data:image/webp;base64,")
    assert story["data"]["attribution"] == "Zoë, “nobody”"


def test_a_name_cannot_break_out_of_its_place(finished: Path) -> None:
    """Neither of the title nor of the script, nor take the place of another part."""
    story = {**report_data_of(finished), "name": "</script><b>@story@@style@"}
    page = page_of(story)

    assert story_in(page)["name"] == "</script><b>@story@@style@"
    assert "</script><b>" not in page
    assert "<title>&lt;/script&gt;&lt;b&gt;@story@@style@</title>" in page


def test_a_full_disk_leaves_the_page_before(
    finished: Path, tmp_path: Path, full_disk: FullDisk
) -> None:
    """Whole or not at all."""
    out = tmp_path / "page.html"
    out.write_text("the one before")

    with full_disk(4_096), pytest.raises(OSError, match="File too large"):
        write_page(finished, out, None)

    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "page.html": "the one before"
    }


def test_the_sheet_of_evaluate_is_shown(finished: Path, tmp_path: Path) -> None:
    """If it is there."""
    run = shutil.copytree(finished, tmp_path / "run")
    (run / "neighbours.png").write_bytes(b"picture")
    write_page(run, run / "page.html", None)

    assert story_in((run / "page.html").read_text())["neighbours"] == (
        "data:image/png;base64,cGljdHVyZQ=="
    )
