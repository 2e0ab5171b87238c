"""Variations in a real browser: the pictures around one, steps among them, and the way back."""

from __future__ import annotations

import json
import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.chromium import (
    Visit,
    findings,
    pixels_of,
    refuse,
)
from tests.web.conftest import Site

LONG = "x" * 128
NINE = 9


def opened(visit: Visit, site: Site, fields: dict[str, str]) -> Page:
    """The view at an address with these fields, with all its pictures."""
    page = visit(f"{site.address}/#{urlencode({'view': 'variations', **fields})}")
    settled(page)
    return page


def settled(page: Page) -> None:
    """Wait until each of the nine frames has its picture."""
    expect(page.locator(".around img:visible")).to_have_count(NINE)
    expect(page.locator(".around .waiting")).to_have_count(0)


def tiles(page: Page) -> Locator:
    """The nine places, row by row."""
    return page.locator(".around li")


def pixels_in(page: Page, place: int) -> str:
    """The digest of the picture in a place."""
    return pixels_of(page, f".around li:nth-child({place + 1}) img")


@pytest.fixture
def site(shared_site: Site) -> Site:
    """One service for all tests here."""
    return shared_site


def test_every_neighbour_is_the_picture_of_an_ordinary_address(visit: Visit, site: Site) -> None:
    """A seed, another one and the step between them, which is a slider in the address."""
    page = opened(visit, site, {"seed": "alan", "strength": "0.2"})
    ends = [f"alan~{way}" for way in range(1, 9)]
    wanted = [site.pixels("alan", end=end, t="0.2") for end in ends]
    wanted.insert(4, site.pixels("alan"))

    assert [pixels_in(page, place) for place in range(NINE)] == wanted
    page.locator("#strength").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("main .slider output")).to_have_text("25 %")
    settled(page)
    expect(page).to_have_url(re.compile(r"strength=0\.25\b"))

    assert pixels_in(page, 0) == site.pixels("alan", end="alan~1", t="0.25")
    page.get_by_role("button", name="Other directions").click()
    expect(tiles(page).nth(0)).to_contain_text("alan~9")
    settled(page)
    assert pixels_in(page, 0) == site.pixels("alan", end="alan~9", t="0.25")


def test_a_chosen_neighbour_moves_to_the_middle_as_it_was(visit: Visit, site: Site) -> None:
    """The same pixels, between the way back and the way on; it can be shown large."""
    page = opened(visit, site, {"seed": "alan"})
    chosen = pixels_in(page, 2)
    tiles(page).nth(2).locator("a").click()
    expect(tiles(page).nth(4)).to_contain_text("alan → alan~3, 20 %")
    settled(page)

    assert pixels_in(page, 4) == chosen
    assert pixels_in(page, 3) == site.pixels("alan")
    assert pixels_in(page, 5) == site.pixels("alan", end="alan~3", t="0.4")
    expect(tiles(page).nth(3)).to_contain_text("back to alan")
    expect(tiles(page).nth(5)).to_contain_text("on to 40 %")
    expect(page.locator(".trail li")).to_have_count(1)
    tiles(page).nth(4).locator("a").click()
    expect(page.locator("#picture")).to_be_visible()
    assert pixels_of(page, "#picture") == chosen


def test_the_trail_and_the_browser_lead_back(visit: Visit, site: Site) -> None:
    """A crumb cuts the trail; back and forward show each step as it was."""
    page = opened(visit, site, {"seed": "alan"})
    for place in (0, 5, 5):
        tiles(page).nth(place).locator("a").click()
        settled(page)
    expect(page.locator(".trail li")).to_have_count(3)
    there = [pixels_in(page, place) for place in range(NINE)]

    page.locator(".trail li a").nth(1).click()
    expect(tiles(page).nth(4)).to_contain_text("alan → alan~1, 20 %")
    expect(page.locator(".trail li")).to_have_count(1)
    page.go_back()
    expect(page.locator(".trail li")).to_have_count(3)
    settled(page)

    assert [pixels_in(page, place) for place in range(NINE)] == there


def test_the_keyboard_alone_goes_on_along_a_way(visit: Visit, site: Site) -> None:
    """The focus keeps its place while the pictures move, so Enter goes on to the next seed."""
    page = opened(visit, site, {"seed": "alan"})
    tiles(page).nth(5).locator("a").focus()
    for words in ("alan → alan~5, 20 %", "40 %", "60 %", "80 %", "alan~5"):
        page.keyboard.press("Enter")
        expect(tiles(page).nth(4)).to_contain_text(words)
    settled(page)

    expect(tiles(page).nth(5).locator("a")).to_be_focused()
    assert pixels_in(page, 4) == site.pixels("alan~5")


def test_axe_finds_no_fault(visit: Visit, site: Site) -> None:
    """With the longest seeds, too, on both screens."""
    fields = {"seed": LONG, "end": f"{LONG[:-1]}y", "t": "0.4", "trail": json.dumps([LONG])}
    page = opened(visit, site, fields)

    assert findings(page) == []


def test_a_busy_service_is_waited_for(visit: Visit, site: Site) -> None:
    """Each picture comes in the end, and no picture is asked for while the service is busy."""
    page = visit(f"{site.address}/")
    refused = refuse(page, "**/images/alan?*end=*", 503, times=3)
    page.goto(f"{site.address}/#view=variations&seed=alan")
    settled(page)

    assert 1 <= len(refused) <= 3
    assert pixels_in(page, 0) == site.pixels("alan", end="alan~1", t="0.2")
