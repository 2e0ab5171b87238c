"""Mixing two pictures in a real browser: the slider, other seeds, and what is remembered."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.web.chromium import Visit, findings, pixels_of
from tests.web.conftest import Site


def opened(visit: Visit, site: Site, fields: dict[str, str]) -> Page:
    """The view at an address with these fields."""
    page = visit(f"{site.address}/#{urlencode({'view': 'mix', **fields})}")
    settled(page)
    return page


def settled(page: Page) -> None:
    """Wait until the three frames have their pictures."""
    expect(page.locator(".three .frame img:visible")).to_have_count(3)
    expect(page.locator(".three .waiting")).to_have_count(0)


def mixed(page: Page) -> str:
    """The digest of the mixture."""
    settled(page)
    return pixels_of(page, ".mixture img")


@pytest.fixture
def site(shared_site: Site) -> Site:
    """One service for all tests here."""
    return shared_site


def test_a_mixture_is_the_picture_of_an_ordinary_address(visit: Visit, site: Site) -> None:
    """Half of each at first; at both ends it is one of the two, and it stays when they swap."""
    page = opened(visit, site, {"seed": "ada", "end": "grace"})
    assert mixed(page) == site.pixels("ada", end="grace", t="0.5")
    page.locator("#mix-t").focus()
    page.keyboard.press("Home")
    expect(page.locator(".mixture figcaption")).to_have_text("“ada”")
    assert mixed(page) == site.pixels("ada")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"t=0\.05\b"))
    assert mixed(page) == site.pixels("ada", end="grace", t="0.05")

    page.get_by_role("button", name="Swap them").click()
    expect(page.locator("#mix-seed")).to_have_value("grace")
    assert mixed(page) == site.pixels("grace", end="ada", t="0.95")
    page.go_back()
    expect(page.locator("#mix-seed")).to_have_value("ada")
    assert mixed(page) == site.pixels("ada", end="grace", t="0.05")


def test_either_seed_is_typed_or_chosen(visit: Visit, site: Site) -> None:
    """What was looked at is among those to choose from."""
    page = visit(f"{site.address}/#seed=ripley")
    expect(page.locator("#picture")).to_be_visible()
    page.goto(f"{site.address}/#view=mix&seed=ada&end=grace")
    settled(page)
    page.locator("#mix-end").fill(" ash ")
    page.locator("#mix-end").press("Enter")
    expect(page.locator("#mix-end")).to_have_value("ash")
    assert mixed(page) == site.pixels("ada", end="ash", t="0.5")

    page.locator(".side summary").first.click()
    page.locator(".side .known").first.get_by_role("button", name="ripley").click()
    expect(page.locator("#mix-seed")).to_have_value("ripley")
    assert mixed(page) == site.pixels("ripley", end="ash", t="0.5")


def test_axe_finds_no_fault(visit: Visit, site: Site) -> None:
    """With pictures to choose from; without a second seed there is one at once."""
    page = opened(visit, site, {"seed": "alan"})
    expect(page.locator("#mix-end")).to_have_value("grace")
    page.locator(".side summary").first.click()
    expect(page.locator(".side .known img:visible").first).to_be_visible()

    assert findings(page) == []
