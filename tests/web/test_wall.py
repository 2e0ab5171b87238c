"""The endless wall in a real browser: few requests, small first, nothing far from the screen."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from playwright.sync_api import Page, Request, expect

from service.settings import Settings
from tests.service.painter import Painter, card_named, wait_until
from tests.web.browser import served
from tests.web.chromium import PHONE, Visit, findings, is_filled, refuse
from tests.web.conftest import Site

FIRST_TILE: Final = ".grid li:first-child"


def asked(page: Page) -> list[dict[str, list[str]]]:
    """The requests for many pictures from now on, each as its query."""
    requests: list[dict[str, list[str]]] = []

    def note(request: Request) -> None:
        address = urlsplit(request.url)
        if address.path.endswith("/generate"):
            requests.append(parse_qs(address.query))

    page.on("request", note)
    return requests


def pixels_in(page: Page, seed: str) -> str:
    """SHA-256 of the RGB bytes of a picture of the wall, as `X-Pixel-SHA256` has it."""
    code = """async (link) => {
      const canvas = link.querySelector("canvas");
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const rgb = data.filter((_, place) => place % 4 !== 3);
      const digest = await crypto.subtle.digest("SHA-256", rgb);
      return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    }"""
    return str(tile(page, seed).evaluate(code))


def nodes(page: Page) -> int:
    """How many nodes of the page the browser holds in memory, also those that left the page."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    session.send("HeapProfiler.collectGarbage")
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(int(each["value"]) for each in metrics if each["name"] == "Nodes")


def tile(page: Page, seed: str) -> Any:
    """The link of a picture of the wall."""
    return page.get_by_role("link", name=seed, exact=True)


def test_the_wall_is_what_opens_and_each_picture_is_that_of_its_number(
    visit: Visit, site: Site
) -> None:
    """From one on, in order, pixel for pixel."""
    page = visit(site.address)
    is_filled(page)
    names = page.locator(".grid a").evaluate_all("(links) => links.map((link) => link.ariaLabel)")
    digest = httpx2.get(f"{site.address}/images/3").headers["X-Pixel-SHA256"]

    assert names[:12] == [str(number) for number in range(1, 13)]
    assert pixels_in(page, "3") == digest


def test_the_first_screen_costs_few_requests(visit: Visit, site: Site) -> None:
    """Many pictures in each; none is asked for twice."""
    page = visit(f"{site.address}/health/live")
    requests = asked(page)
    page.goto(site.address)
    is_filled(page)
    seeds = [seed for query in requests for seed in query["seed"]]

    assert len(requests) <= 6
    assert len(seeds) == len(set(seeds)) >= 40


def test_pictures_come_small_first_and_are_then_sharpened(visit: Visit, settings: Settings) -> None:
    """One seed at two sizes; a chosen size is the largest that is asked for."""
    painter = Painter(card_named("painter-256", 256))
    with served(settings, painter) as address:
        page = visit(address)
        page.wait_for_function("() => document.querySelector('.grid canvas')?.width === 256")
        first = painter.batches[0][0].resolution
        page.locator("#resolution").select_option("32")
        page.wait_for_function("() => document.querySelector('.grid canvas')?.width === 32")

    assert first == 64


def test_scrolling_goes_on_and_what_is_far_from_the_screen_is_released(
    visit: Visit, site: Site
) -> None:
    """Two thousand pictures later there are no more elements than before."""
    page = visit(site.address)
    is_filled(page)
    before, nodes_before = page.locator(".grid li").count(), nodes(page)
    for _ in range(12):
        page.evaluate("scrollBy(0, 4500)")
        page.wait_for_timeout(20)
    is_filled(page)
    last = int(page.locator(".grid a").last.get_attribute("aria-label") or "0")

    assert last > 1000
    assert nodes(page) <= 2 * nodes_before
    assert page.locator(".grid li").count() <= 2 * before
    assert page.locator(".grid canvas").count() <= 2 * before


def test_what_has_left_the_screen_is_no_longer_asked_for(visit: Visit, site: Site) -> None:
    """Who jumps far does not wait for all that lies between."""
    page = visit(site.address)
    is_filled(page)
    site.painter.gate.clear()
    requests = asked(page)
    page.evaluate("scrollTo(0, 20_000)")
    page.wait_for_function("() => document.querySelector('.grid a').ariaLabel > 100")
    page.wait_for_timeout(100)
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(100)
    site.painter.gate.set()
    is_filled(page)

    assert len(requests) <= 4
    expect(tile(page, "1")).to_be_visible()


@pytest.mark.slow
def test_the_place_in_the_wall_is_in_the_address_and_back_leads_there(
    visit: Visit, site: Site
) -> None:
    """From a picture that was opened in the middle; a link opens the same place."""
    page = visit(site.address)
    is_filled(page)
    page.evaluate("scrollTo(0, 9000)")
    expect(page).to_have_url(re.compile(r"[#&]at=\d{2,}"))
    is_filled(page)
    link = page.locator(".grid li").nth(page.locator(".grid li").count() // 2).locator("a")
    seed = link.get_attribute("aria-label") or ""
    top = link.bounding_box()
    link.click()
    expect(page.locator("#caption strong")).to_have_text(seed)
    page.go_back()
    is_filled(page)
    expect(tile(page, seed)).to_be_visible()
    again = tile(page, seed).bounding_box()
    other = visit(page.url)
    is_filled(other)

    assert top
    assert again
    assert abs(top["y"] - again["y"]) <= again["height"] + 12  # it begins with a whole row
    expect(tile(other, seed)).to_be_visible()


def test_the_wall_is_walked_by_the_keyboard_alone(visit: Visit, site: Site) -> None:
    """One stop of the Tab key; arrows go on, Enter opens, and Back has the focus of nobody else."""
    page = visit(site.address)
    is_filled(page)
    tile(page, "1").focus()
    columns = page.evaluate(
        "() => +document.querySelector('.grid').style.getPropertyValue('--columns')"
    )
    page.keyboard.press("ArrowRight")
    expect(tile(page, "2")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(tile(page, str(2 + columns))).to_be_focused()
    for _ in range(30):
        page.keyboard.press("ArrowDown")
    seed = str(2 + 31 * columns)
    expect(tile(page, seed)).to_be_focused()
    expect(tile(page, seed)).to_be_in_viewport()
    page.keyboard.press("Home")
    expect(tile(page, "1")).to_be_focused()
    assert page.locator(".grid a[tabindex='0']").count() == 1
    page.keyboard.press("Enter")
    expect(page.locator("#caption strong")).to_have_text("1")


def test_a_busy_service_is_waited_for_and_the_wall_fills_by_itself(
    visit: Visit, site: Site
) -> None:
    """In a visitor's words; nothing of it has to be done again by hand."""
    page = visit(f"{site.address}/health/live")
    refused = refuse(page, "**/generate*", 429, times=2)
    page.goto(site.address)
    expect(page.locator("#pause")).to_contain_text("Going on in")
    is_filled(page)

    expect(page.locator("#pause")).to_have_text("")
    assert len(refused) == 2


def test_a_wall_of_one_class_has_pictures_of_this_class(visit: Visit, site: Site) -> None:
    """Chosen beside the model; both are in the address."""
    site.put("classes", "classes")
    wait_until(lambda: httpx2.get(f"{site.address}/images/1?model=classes").is_success)
    page = visit(f"{site.address}/#model=classes")
    is_filled(page)
    requests = asked(page)
    page.locator("#label").select_option("loud")
    page.wait_for_function("() => location.hash.includes('label=loud')")
    is_filled(page)

    assert requests
    assert {query["label"][0] for query in requests} == {"loud"}


def test_other_pictures_are_another_wall_and_back_is_the_first_one(
    visit: Visit, site: Site
) -> None:
    """Nothing is lost by looking elsewhere."""
    page = visit(site.address)
    is_filled(page)
    page.get_by_role("button", name="Other pictures").click()
    expect(page).to_have_url(re.compile(r"from=\d+"))
    is_filled(page)
    assert tile(page, "1").count() == 0
    page.go_back()
    is_filled(page)

    expect(tile(page, "1")).to_be_visible()


def test_axe_finds_no_fault_and_a_phone_shows_pictures_at_once(visit: Visit, site: Site) -> None:
    """360 pixels wide; two rows of pictures stand on the first screen."""
    page = visit(site.address, size=PHONE)
    is_filled(page)
    first = page.locator(FIRST_TILE).bounding_box()

    assert findings(page) == []
    assert first
    assert first["y"] + first["height"] < PHONE[1] * 0.75


@pytest.mark.parametrize(("title", "name"), [("ZIP", "first-1.zip"), ("One sheet", "first-1.png")])
def test_a_part_of_the_wall_is_taken_away(visit: Visit, site: Site, title: str, name: str) -> None:
    """Sixty pictures from the first one on screen."""
    page = visit(site.address)
    is_filled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name=title).click()

    assert download.value.suggested_filename == name
    assert download.value.path().stat().st_size > 1000


def test_a_file_of_the_last_numbers_has_no_more_than_there_are(visit: Visit, site: Site) -> None:
    """And a place that is no whole number is none."""
    page = visit(f"{site.address}/#from={2**63 - 8}&at=2.5")
    is_filled(page)
    requests = asked(page)
    with page.expect_download():
        page.get_by_role("button", name="ZIP").click()

    assert requests[-1]["seed"] == [str(2**63 - 8 + n) for n in range(8)]


def test_a_place_that_no_page_is_high_enough_for_begins_another_wall(
    visit: Visit, site: Site
) -> None:
    """With the picture that was asked for."""
    page = visit(f"{site.address}/#at=5000000")
    is_filled(page)

    expect(tile(page, "5000001")).to_be_visible()
    expect(page).to_have_url(re.compile(r"from=5000001\b"))  # written a moment later
