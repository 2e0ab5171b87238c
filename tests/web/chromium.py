"""A real Chromium for tests of the web pages, driven by Playwright, and faults of the service.

Owns the browser with its thread, the pages that tests open in it, and the checks that hold for each
page: no error of a script, nothing blocked by the content security policy, no request to another
host. `conftest.py` makes fixtures of it. Knows no page.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, expect, sync_playwright

PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_MS: Final = 120_000  # ends a hang, on a busy machine, too
DESKTOP: Final = (1280, 800)
PHONE: Final = (360, 740)
# Said of every answer that is an error, also of those that the page waits out.
ANSWER_WITH_AN_ERROR: Final = "Failed to load resource"
PICTURES: Final = ("/images", "/generate", "/interpolate")
AXE_OPTIONS: Final = {"resultTypes": ["violations"]}

T = TypeVar("T")
Colors = Literal["light", "dark"]


def chromium_program() -> str | None:
    """The path of an installed Chromium; None where there is none."""
    return next((path for name in PROGRAMS if (path := shutil.which(name))), None)


class Chromium:
    """One browser, and the thread that alone may use it.

    Playwright's synchronous interface keeps an event loop running in its thread. In the thread of
    pytest no later test could run an event loop of its own.
    """

    def __init__(self, program: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="chromium")
        self._playwright: Playwright = self.run(sync_playwright().start)
        self.browser: Browser = self.run(
            lambda: self._playwright.chromium.launch(executable_path=program, args=["--lang=en-US"])
        )
        self.run(lambda: expect.set_options(timeout=PATIENCE_MS))

    def run(self, call: Callable[[], T]) -> T:
        """The result of a call in the browser's thread."""
        return self._pool.submit(call).result()

    def close(self) -> None:
        """End the browser and the thread."""
        self.run(self.browser.close)
        self.run(self._playwright.stop)
        self._pool.shutdown()


@dataclass
class Visit:
    """Opens pages for one test, each with a profile of its own, and notes what goes wrong in them.

    Attributes:
        chromium: the browser.
        faults: errors of scripts, what a content security policy blocked, and requests to another
            host than the page's; a test that leaves any of them fails.
    """

    chromium: Chromium
    faults: list[str] = field(default_factory=list)
    _pages: list[Page] = field(default_factory=list)

    def __call__(
        self,
        address: str,
        *,
        size: tuple[int, int] = DESKTOP,
        colors: Colors = "light",
        still: bool = False,
        init: str = "",
    ) -> Page:
        """Open an address; called in the browser's thread, as tests are.

        Args:
            size: width and height of the window in CSS pixels.
            colors: the colours that the reader prefers.
            still: whether the reader prefers reduced motion.
            init: a script that runs before those of the page.
        """
        width, height = size
        context = self.chromium.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=colors,
            reduced_motion="reduce" if still else "no-preference",
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        self._pages.append(page)
        host = urlsplit(address).netloc
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("console", self._note)
        page.on("request", lambda request: self._check_host(request.url, host))
        if init:
            page.add_init_script(init)
        page.goto(address)
        return page

    def close(self) -> None:
        """Close all pages; called in pytest's thread."""
        for page in self._pages:
            self.chromium.run(page.context.close)

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(ANSWER_WITH_AN_ERROR):
            self.faults.append(f"console: {message.text}")

    def _check_host(self, url: str, host: str) -> None:
        address = urlsplit(url)
        if address.scheme in ("http", "https") and address.netloc != host:
            self.faults.append(f"request to another host: {url}")


def shown(page: Page, seed: str) -> None:
    """Wait until the large picture is the one of a seed, and nothing is under way."""
    expect(page.locator("#caption strong")).to_have_text(seed)
    expect(page.locator("#status")).to_have_text("")
    expect(page.locator("#picture")).to_be_visible()


def is_filled(page: Page) -> None:
    """Wait until each picture of a grid that is on the screen is there."""
    page.wait_for_function(
        """() => {
          const onScreen = [...document.querySelectorAll(".grid li")].filter((item) => {
            const { top, bottom } = item.getBoundingClientRect();
            return bottom > 0 && top < innerHeight;
          });
          return onScreen.length > 0
            && onScreen.every((item) => item.querySelector("canvas").width > 0);
        }"""
    )


def pixels_of(page: Page, selector: str) -> str:
    """SHA-256 of the RGB bytes of an image on screen, as `X-Pixel-SHA256` has it."""
    code = """async (image) => {
      await image.decode();
      const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
      const context = canvas.getContext("2d");
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      const rgb = data.filter((_, place) => place % 4 !== 3);
      const digest = await crypto.subtle.digest("SHA-256", rgb);
      return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    }"""
    return str(page.locator(selector).evaluate(code))


def findings(page: Page) -> list[str]:
    """What axe-core finds fault with, in light and in dark: rule, element and reason of each.

    First in a wide window in light colours, then in a narrow one in dark colours; what makes the
    page wider than its window is a finding, too.
    """
    found: list[str] = []
    looks: tuple[tuple[Colors, tuple[int, int]], ...] = (("light", DESKTOP), ("dark", PHONE))
    for colors, (width, height) in looks:
        page.emulate_media(color_scheme=colors, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": height})
        result: dict[str, Any] = Axe().run(page, options=AXE_OPTIONS).response
        found += [
            f"{colors}, {width} px: {rule['id']}: {node['target']}: {node['failureSummary']}"
            for rule in result["violations"]
            for node in rule["nodes"]
        ]
        if (
            overflow := int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))
        ) > 0:
            found.append(f"{width} px: the page is {overflow} px wider than its window")
    return found


def bytes_on_the_wire(page: Page) -> int:
    """Bytes of all answers since the page was opened, with their headers, without pictures."""
    code = """(pictures) => performance.getEntries()
      .filter(({ entryType }) => ["navigation", "resource"].includes(entryType))
      .filter(({ name }) => !pictures.some((path) => new URL(name).pathname.startsWith(path)))
      .reduce((sum, { transferSize }) => sum + transferSize, 0)"""
    return int(page.evaluate(code, list(PICTURES)))


def slow_down(page: Page, latency_ms: float, bytes_a_second: float = -1) -> None:
    """Give a page a slow network; -1 leaves the rate without limit."""
    conditions = {"offline": False, "latency": latency_ms}
    rates = {"downloadThroughput": bytes_a_second, "uploadThroughput": bytes_a_second}
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", {**conditions, **rates})


def refuse(
    page: Page, pattern: str, status: int, *, times: int = 1, retry_after_s: int = 1
) -> list[str]:
    """Answer the next requests to an address with an error; the addresses are collected.

    Args:
        pattern: of the address, as in `**/images/*`.
        status: of HTTP, such as 503.
        times: as many requests; those that follow reach the service.
    """
    refused: list[str] = []

    def answer(route: Any) -> None:
        refused.append(route.request.url)
        route.fulfill(
            status=status,
            headers={"Retry-After": str(retry_after_s), "Content-Type": "application/problem+json"},
            body='{"detail": "the queue is full"}',
        )

    page.route(pattern, answer, times=times)
    return refused
