"""Mixing two pictures in a real browser: the slider, other seeds, and what is remembered."""

from __future__ import annotations

import re
from urllib.parse import urlencode

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


def test_a_mixture_is_the_picture_of_an_ordinary_address(visit: Visit, site: Site) -> None:
    """Half of each at first; both ends are the two pictures."""
    page = opened(visit, site, {"seed": "ada", "end": "grace"})
    assert mixed(page) == site.pixels("ada", end="grace", t="0.5")

    page.locator("#mix-t").focus()
    page.keyboard.press("Home")
    expect(page.locator(".mixture figcaption")).to_have_text("“ada”")
    assert mixed(page) == site.pixels("ada")
    page.keyboard.press("End")
    expect(page.locator(".mixture figcaption")).to_have_text("“grace”")
    assert mixed(page) == site.pixels("grace")


def test_the_slider_is_in_the_address_and_a_link_shows_the_same(visit: Visit, site: Site) -> None:
    """One entry of the history for the whole movement."""
    page = opened(visit, site, {"seed": "ada", "end": "grace"})
    page.locator("#mix-t").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"t=0\.55\b"))
    before = mixed(page)
    page.goto("about:blank")
    page.go_back()
    settled(page)

    assert mixed(page) == before == site.pixels("ada", end="grace", t="0.55")


def test_they_can_be_swapped(visit: Visit, site: Site) -> None:
    """The mixture stays where it is."""
    page = opened(visit, site, {"seed": "ada", "end": "grace", "t": "0.3"})
    page.get_by_role("button", name="Swap them").click()
    expect(page.locator("#mix-seed")).to_have_value("grace")

    assert mixed(page) == site.pixels("grace", end="ada", t="0.7")


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


def test_without_a_second_picture_there_is_one_at_once(visit: Visit, site: Site) -> None:
    """As from the bar of the page: nothing has to be chosen first."""
    page = visit(f"{site.address}/#view=mix&seed=alan")
    settled(page)

    expect(page.locator("#mix-end")).to_have_value("grace")


def test_axe_finds_no_fault(visit: Visit, site: Site) -> None:
    """On both screens, with pictures to choose from."""
    page = opened(visit, site, {"seed": "ada", "end": "grace"})
    page.locator(".side summary").first.click()
    expect(page.locator(".side .known img:visible").first).to_be_visible()

    assert findings(page) == []
