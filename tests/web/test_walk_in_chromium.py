"""A walk in a real browser: scrubbed, played, put in order, and taken away as a file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from zipfile import ZipFile

import httpx2
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.service.painter import wait_until
from tests.web.chromium import (
    Visit,
    findings,
    pixels_of,
    slow_down,
)
from tests.web.conftest import Site

STEPS = 12


def opened(visit: Visit, site: Site, stops: list[str], *more: tuple[str, str]) -> Page:
    """The view with these stops."""
    usual = {"steps": str(STEPS), "model": "first", **dict(more)}
    fields = [("view", "walk"), *(("stops", stop) for stop in stops), *usual.items()]
    page = visit(f"{site.address}/#{urlencode(fields)}")
    settled(page)
    return page


def settled(page: Page) -> None:
    """Wait until the frame on screen and all stops have their pictures."""
    expect(page.locator(".screen img")).to_be_visible()
    expect(page.locator(".walking .waiting")).to_have_count(0)


def on_screen(page: Page) -> str:
    """The digest of the frame on screen."""
    settled(page)
    return pixels_of(page, ".screen img")


def stops_of(page: Page) -> list[str]:
    """The names of the stops, in order."""
    return page.locator(".stops li").all_inner_texts()


def frames_of(site: Site, stops: list[str], **more: str) -> list[str]:
    """The digests of the frames, as the service has them."""
    seeds = [("seed", stop) for stop in stops]
    query = urlencode(
        [*seeds, ("steps", str(STEPS)), ("format", "json"), ("model", "first"), *more.items()]
    )
    answer: dict[str, Any] = httpx2.get(f"{site.address}/interpolate?{query}").json()
    return [frame["pixel_sha256"] for frame in answer["frames"]]


def scrub(page: Page, frame: int) -> None:
    """Move the slider to a frame, as a hand does."""
    page.locator("#frame").evaluate(
        "(slider, frame) => { slider.value = frame; slider.dispatchEvent(new Event('input')); }",
        frame,
    )


@pytest.fixture
def site(shared_site: Site) -> Site:
    """One service for all tests here."""
    return shared_site


def test_every_frame_under_the_slider_is_the_one_of_the_files(visit: Visit, site: Site) -> None:
    """Pixel for pixel, at stops and between them, up to the last."""
    page = opened(visit, site, ["ada", "grace", "alan"])
    wanted = frames_of(site, ["ada", "grace", "alan"])

    for frame in (0, 1, 5, STEPS, STEPS + 7, 2 * STEPS):
        scrub(page, frame)
        assert on_screen(page) == wanted[frame], frame


def test_a_fast_hand_asks_for_few_pictures_and_ends_at_the_right_one(
    visit: Visit, site: Site
) -> None:
    """Behind a slow network no more than three are under way, and the last wish wins."""
    page = opened(visit, site, ["ada", "grace"])
    running, most = 0, 0

    def begin(request: Any) -> None:
        nonlocal running, most
        running += "/images" in request.url
        most = max(most, running)

    def end(request: Any) -> None:
        nonlocal running
        running -= "/images" in request.url

    page.on("request", begin)
    page.on("requestfinished", end)
    slow_down(page, latency_ms=200)
    for frame in range(1, STEPS):
        scrub(page, frame)
    expect(page).to_have_url(re.compile(r"frame=11\b"))

    assert on_screen(page) == frames_of(site, ["ada", "grace"])[STEPS - 1]
    assert 1 <= most <= 3


def test_stops_are_put_in_order_by_keys_buttons_and_a_pointer(visit: Visit, site: Site) -> None:
    """The moved stop stays the current one and keeps the focus; back undoes it."""
    page = opened(visit, site, ["ada", "grace", "alan", "hedy"])
    page.locator(".stops li").nth(0).get_by_role("button").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".stops li").nth(1)).to_have_text("ada")
    expect(page.locator(".stops li").nth(1).get_by_role("button")).to_be_focused()
    assert on_screen(page) == site.pixels("ada")

    page.get_by_role("button", name="Later").click()
    expect(page.locator(".stops li").nth(2)).to_have_text("ada")
    page.locator(".stops li").nth(3).drag_to(page.locator(".stops li").nth(0))
    expect(page.locator(".stops li").nth(0)).to_have_text("hedy")
    assert stops_of(page) == ["hedy", "grace", "alan", "ada"]

    page.go_back()
    expect(page.locator(".stops li").nth(0)).to_have_text("grace")
    assert stops_of(page) == ["grace", "alan", "ada", "hedy"]


def test_stops_are_added_and_taken_off_within_bounds(visit: Visit, site: Site) -> None:
    """Two to sixteen; a full walk says what to do."""
    page = opened(visit, site, [f"s{n}" for n in range(15)])
    page.locator("#stop").fill("ripley")
    page.locator("#stop").press("Enter")
    expect(page.locator(".stops li")).to_have_count(16)
    expect(page.locator("#stop")).to_be_hidden()
    expect(page.get_by_text("take one off to add another")).to_be_visible()

    page.locator(".stops li").nth(15).get_by_role("button").focus()
    for left in range(15, 1, -1):
        page.keyboard.press("Delete")
        expect(page.locator(".stops li")).to_have_count(left)
    page.keyboard.press("Delete")
    expect(page.get_by_role("button", name="Remove")).to_be_disabled()
    assert len(stops_of(page)) == 2


@pytest.fixture
def large(site: Site) -> tuple[str, str]:
    """The field of an address that chooses a model of 256 pixels, which the service has now."""
    site.put("large", "large")
    address = f"{site.address}/images/1"
    wait_until(lambda: httpx2.get(address, params={"model": "large"}).is_success)
    return ("model", "large")


def sizes_in(requests: list[str], path: str) -> list[int]:
    """The resolutions of the requests to a path, in order."""
    queries = [parse_qs(urlsplit(url).query) for url in requests if path in url]
    return [int(query["resolution"][0]) for query in queries]


def wait_until_sharp(page: Page) -> None:
    """Wait until nothing more is to be asked for."""
    expect(page.locator(".screen img")).to_have_js_property("naturalWidth", 256)
    for image in page.locator(".stops img").all():
        expect(image).to_have_js_property("naturalWidth", 128)


def test_a_small_picture_comes_first_and_a_sharp_one_where_the_slider_rests(
    visit: Visit, site: Site, large: tuple[str, str]
) -> None:
    """What is moved over is never asked for in full."""
    page = opened(visit, site, ["ada", "grace"], large)
    wait_until_sharp(page)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    scrub(page, 5)
    expect(page.locator("#frame")).to_have_value("5")
    expect(page.locator(".screen img")).to_have_attribute("alt", re.compile("41.7 %"))
    expect(page.locator(".screen img")).to_have_js_property("naturalWidth", 256)

    assert sizes_in(requests, "/images") == [64, 256]
    assert on_screen(page) == site.pixels("ada", end="grace", t=str(5 / STEPS), model="large")


def test_a_walk_is_played_from_frame_to_frame(
    visit: Visit, site: Site, large: tuple[str, str]
) -> None:
    """Each frame in turn, none left out, from one request a way; the last one becomes sharp."""
    page = opened(visit, site, ["ada", "grace", "alan"], large)
    wait_until_sharp(page)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.evaluate(
        """() => {
          window.frames_seen = [];
          const slider = document.getElementById("frame");
          const note = () => window.frames_seen.push(slider.getAttribute("aria-valuetext"));
          new MutationObserver(note).observe(slider, { attributeFilter: ["aria-valuetext"] });
        }"""
    )
    page.get_by_role("button", name="Play").click()
    expect(page.locator("#frame")).to_have_value(str(2 * STEPS))
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(page.locator(".screen img")).to_have_js_property("naturalWidth", 256)

    assert len(page.evaluate("() => window.frames_seen")) == 2 * STEPS
    assert sizes_in(requests, "/interpolate") == [128, 128]
    assert sizes_in(requests, "/images") == [256]
    assert on_screen(page) == site.pixels("alan", model="large")


def test_a_loop_goes_on_until_it_is_paused(visit: Visit, site: Site) -> None:
    """Beyond the last stop back to the first, and round again."""
    page = opened(visit, site, ["ada", "grace"], ("loop", "true"), ("frame", str(2 * STEPS - 2)))
    page.get_by_role("button", name="Play").click()
    page.evaluate(
        """() => new Promise((resolve) => {
          const slider = document.getElementById("frame");
          const look = () => slider.value === "1" && resolve();
          new MutationObserver(look).observe(slider, { attributeFilter: ["aria-valuetext"] });
        })"""
    )
    page.get_by_role("button", name="Pause").click()
    frame = int(page.locator("#frame").input_value())

    assert on_screen(page) == frames_of(site, ["ada", "grace"], loop="true")[frame]


def test_a_walk_and_its_stops_are_saved_as_files(visit: Visit, site: Site) -> None:
    """With all frames, and a word when each is there; one that is stopped is not saved."""
    page = opened(visit, site, ["ada", "grace"])
    site.painter.gate.clear()
    try:
        page.get_by_role("button", name="GIF", exact=True).click()
        expect(page.get_by_text("GIF: generating 13 pictures")).to_be_visible()
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(page.get_by_text("Nothing was saved")).to_be_visible()
        expect(page.get_by_role("button", name="GIF", exact=True)).to_be_enabled()
    finally:
        site.painter.gate.set()

    for title, kind in (("WebP", "WEBP"), ("GIF", "GIF"), ("APNG", "PNG")):
        with Image.open(saved(page, title)) as image:
            assert image.format == kind
            assert getattr(image, "n_frames", 1) == STEPS + 1
    for title in ("Strip", "Stops as a sheet"):
        with Image.open(saved(page, title)) as image:
            assert image.width >= 2 * 32
    for title, count in (("Frames as ZIP", STEPS + 1), ("Stops as ZIP", 2)):
        with ZipFile(saved(page, title)) as archive:
            assert sum(name.endswith(".png") for name in archive.namelist()) == count
    assert saved(page, "MP4").read_bytes()[4:8] == b"ftyp"


def saved(page: Page, title: str) -> Path:
    """The file that a button saves."""
    with page.expect_download() as download:
        page.get_by_role("button", name=title, exact=True).click()
    expect(page.get_by_text(f"{title}: saved")).to_be_visible()
    return Path(download.value.path())


def test_a_walk_that_is_too_long_says_why_beside_its_button(visit: Visit, site: Site) -> None:
    """In the words of the service; a shorter one is made then."""
    stops = [f"s{n}" for n in range(6)]
    page = opened(visit, site, stops, ("steps", "240"), ("loop", "true"))
    page.get_by_role("button", name="GIF", exact=True).click()

    expect(page.locator(".export .status")).to_contain_text("1200 are allowed")
    page.locator("#pace").select_option("fast")
    assert saved(page, "WebP").stat().st_size > 1000


def test_a_picture_between_two_seeds_puts_both_on_the_walk(visit: Visit, site: Site) -> None:
    """So the walk passes it; any of its frames can be kept, and varied."""
    page = visit(f"{site.address}/#view=variations&model=first&seed=ada&end=grace&t=0.5")
    page.get_by_role("link", name="Add to the walk").click()
    settled(page)

    assert stops_of(page)[-2:] == ["ada", "grace"]
    page.get_by_role("button", name="♡ Favourite").click()
    expect(page.get_by_role("button", name="♥ Favourite")).to_be_visible()
    page.locator("#view").get_by_role("link", name="Variations").click()
    expect(page.locator(".around li")).to_have_count(9)
    expect(page).to_have_title("Variations of ada → grace, 50 % – Progan")
    kept = json.loads(page.evaluate("() => localStorage.getItem('progan-favourites')"))
    assert [kept["pictures"][0][name] for name in ("seed", "end", "t")] == ["ada", "grace", 0.5]


def test_a_walk_lasts_while_the_page_is_loaded_again_in_another_view(
    visit: Visit, site: Site
) -> None:
    """Its stops and its place, although the address of that view holds neither."""
    page = opened(visit, site, ["ada", "bob", "eve"], ("frame", "5"))
    views = page.get_by_role("navigation", name="Views")
    views.get_by_role("link", name="Saved").click()
    expect(page.get_by_role("heading", name="Saved in this browser")).to_be_visible()
    page.reload()
    views.get_by_role("link", name="Walk").click()
    settled(page)

    assert stops_of(page) == ["ada", "bob", "eve"]
    assert page.locator("#frame").input_value() == "5"


def test_axe_finds_no_fault(visit: Visit, site: Site) -> None:
    """With sixteen stops and the longest names."""
    stops = [f"{n}{'x' * 126}" for n in range(10, 26)]
    page = opened(visit, site, stops)

    assert findings(page) == []
