"""Pictures that could not be loaded, in a browser: the error stands as long as they are missing."""

from __future__ import annotations

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.service.painter import wait_until
from tests.web.chromium import Visit, is_filled, pixels_of, refuse
from tests.web.conftest import Site

TOO_LATE = 504  # is not asked again by itself
CENTRE = ".around .centre img"


@pytest.fixture
def site(shared_site: Site) -> Site:
    """One service for all tests here."""
    return shared_site


def variations(visit: Visit, site: Site, failing: str, times: int) -> Page:
    """Variations of a model of 256 pixels, whose first requests to an address fail."""
    site.put("large", "large")
    wait_until(lambda: "large" in httpx2.get(f"{site.address}/models").text)
    page = visit(f"{site.address}/")
    refuse(page, failing, TOO_LATE, times=times)
    page.goto(f"{site.address}/#view=variations&seed=alan&model=large")
    return page


@pytest.mark.parametrize("distance", [900, 4500])
def test_the_error_goes_when_all_pictures_on_the_screen_are_there(
    visit: Visit, site: Site, distance: int
) -> None:
    """Near and far; and whoever comes back to pictures that failed sees them."""
    page = visit(f"{site.address}/health/live")
    refused = refuse(page, "**/generate*", TOO_LATE)
    page.goto(site.address)
    expect(page.locator("#error")).to_have_text("The queue is full.")
    expect(page.locator(".grid .waiting")).to_have_count(0)
    expect(page.locator("#error")).to_be_visible()

    page.evaluate("(distance) => scrollTo(0, distance)", distance)
    expect(page.locator("#error")).to_be_hidden()
    is_filled(page)
    page.evaluate("scrollTo(0, 0)")
    is_filled(page)

    expect(page.locator("#error")).to_be_hidden()
    assert len(refused) == 1


def test_the_error_of_a_small_picture_goes_when_the_sharp_one_is_there(
    visit: Visit, site: Site
) -> None:
    """Which is asked for a moment later."""
    site.painter.gate.clear()
    page = variations(visit, site, "**/images/alan?model=*resolution=64*", 1)
    expect(page.locator("#error")).to_be_visible()
    site.painter.gate.set()
    expect(page.locator(CENTRE)).to_be_visible()

    expect(page.locator("#error")).to_be_hidden()
    assert pixels_of(page, CENTRE) == site.pixels("alan", model="large")


def test_the_error_stays_while_a_picture_is_missing(visit: Visit, site: Site) -> None:
    """Those around it are all there; leaving the view ends it."""
    page = variations(visit, site, "**/images/alan?model=*", 2)
    expect(page.locator(".around img:visible")).to_have_count(8)
    expect(page.locator(".around .waiting")).to_have_count(0)

    expect(page.locator("#error")).to_be_visible()
    page.get_by_role("link", name="Wall", exact=True).click()
    is_filled(page)
    expect(page.locator("#error")).to_be_hidden()
