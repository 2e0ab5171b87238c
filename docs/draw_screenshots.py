"""Screenshots of the page, drawn anew by a running service: `python docs/draw_screenshots.py`.

Owns which views are shown, in which colours and at which sizes. Three of them are pictures of the
README (WebP, 60 kB at most); `--all FOLDER` draws every view, light and dark, wide and narrow.
It needs Chromium, and Playwright from the extra `dev`.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlencode
from urllib.request import urlopen

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

HERE: Final = Path(__file__).parent / "pictures"
PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome")
SEEDS: Final = ("alan", "grace", "ada", "hedy", "linus", "margaret", "edsger", "katherine")
WIDE: Final = (1280, 800)
NARROW: Final = (390, 844)
LARGEST_BYTES: Final = 60_000  # of a picture in the README
PATIENCE_MS: Final = 120_000
SETTLED_MS: Final = 1_500  # after the last request, in which a sharp picture may still be asked for

Colors = Literal["light", "dark"]

WALK: Final = [("view", "walk"), *(("stops", seed) for seed in SEEDS[:5]), ("frame", "36")]
# Name -> fragment of the address; `check` is a page of its own.
VIEWS: Final[dict[str, str]] = {
    "wall": "",
    "picture": urlencode({"seed": "grace"}),
    "variations": urlencode({"view": "variations", "seed": "grace"}),
    "mix": urlencode({"view": "mix", "seed": "grace", "end": "linus"}),
    "walk": urlencode(WALK),
    "saved": urlencode({"view": "kept"}),
    "status": urlencode({"view": "status"}),
    "check": "",
}
README: Final[tuple[tuple[str, Colors, tuple[int, int]], ...]] = (
    ("wall", "light", WIDE),
    ("walk", "dark", WIDE),
    ("variations", "light", NARROW),
)


def fetch(address: str) -> bytes:
    """The body of a GET."""
    with urlopen(address) as answer:
        return answer.read()


def favourites_of(service: str) -> str:
    """A script that puts some favourites into the browser, before those of the page run."""
    models = json.loads(fetch(f"{service}/models"))
    model = next(m["pinned_name"] for m in models["models"] if m["name"] == models["default"])
    pictures = [{"seed": seed, "end": "", "t": 0.5, "model": model, "label": ""} for seed in SEEDS]
    stored = json.dumps(json.dumps({"version": 1, "pictures": pictures}))
    return f'localStorage.setItem("progan-favourites", {stored});'


def settle(page: Page) -> None:
    """Wait until no picture is under way."""
    page.wait_for_load_state("networkidle", timeout=PATIENCE_MS)
    page.wait_for_timeout(SETTLED_MS)
    for waiting in page.locator(".waiting:visible").all():
        waiting.wait_for(state="detached", timeout=PATIENCE_MS)
    page.wait_for_load_state("networkidle", timeout=PATIENCE_MS)


def open_view(page: Page, service: str, name: str) -> None:
    """Open a view, and wait until it is complete."""
    if name != "check":
        page.goto(f"{service}/#{VIEWS[name]}")
        settle(page)
        return
    page.goto(f"{service}/check")
    file: Any = {
        "name": "picture.png",
        "mimeType": "image/png",
        "buffer": fetch(f"{service}/images/grace"),
    }
    page.set_input_files("#file", files=[file])
    page.locator("#result").wait_for(timeout=PATIENCE_MS)
    settle(page)
    page.evaluate("scrollTo(0, 0)")


def draw(
    browser: Browser, service: str, name: str, colors: Colors, size: tuple[int, int]
) -> Image.Image:
    """A screenshot of one view."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=colors, reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(favourites_of(service))
    page = context.new_page()
    open_view(page, service, name)
    content = page.screenshot()
    context.close()
    return Image.open(io.BytesIO(content)).convert("RGB")


def save_small(picture: Image.Image, path: Path) -> None:
    """Save a picture as WebP of the best quality that is small enough.

    Raises:
        ValueError: none is.
    """
    for quality in range(90, 20, -5):
        picture.save(path, quality=quality, method=6)
        if path.stat().st_size <= LARGEST_BYTES:
            return
    raise ValueError(f"{path} has more than {LARGEST_BYTES} bytes at the lowest quality")


def main() -> None:
    """Draw the pictures of the README, or all views."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--service", default="http://127.0.0.1:8000")
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="every view, as PNG")
    options = parser.parse_args()
    program = next(path for name in PROGRAMS if (path := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--lang=en-US"])
        if options.all is None:
            for name, colors, size in README:
                picture = draw(browser, options.service, name, colors, size)
                save_small(picture, HERE / f"page-{name}.webp")
        else:
            options.all.mkdir(parents=True, exist_ok=True)
            for name in VIEWS:
                for colors in ("light", "dark"):
                    for size in (WIDE, NARROW):
                        picture = draw(browser, options.service, name, colors, size)
                        picture.save(options.all / f"{name}-{colors}-{size[0]}.png")
        browser.close()


if __name__ == "__main__":
    main()
