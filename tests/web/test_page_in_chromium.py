"""The page in a real browser: first picture, keyboard, history, faults of the service, weight."""

from __future__ import annotations

import httpx2
from playwright.sync_api import Page, expect

from tests.service.painter import wait_until
from tests.web.chromium import (
    Visit,
    bytes_on_the_wire,
    findings,
    pixels_of,
    refuse,
    shown,
    slow_down,
)
from tests.web.conftest import Site, card_of_version

MOST_BYTES = 110_000  # of page, style and scripts as they are sent


def paint(page: Page, seed: str) -> None:
    """Type a seed and press Enter."""
    page.locator("#seed").fill(seed)
    page.locator("#seed").press("Enter")


def test_the_first_picture_is_the_one_of_its_seed(visit: Visit, site: Site) -> None:
    """Pixel for pixel, as the browser decodes them."""
    page = visit(f"{site.address}/#seed=alan")
    shown(page, "alan")

    assert pixels_of(page, "#picture") == site.pixels("alan")


def test_an_address_opens_the_picture_that_it_names(visit: Visit, site: Site) -> None:
    """Seed and resolution, and the title for the browser's tabs."""
    page = visit(f"{site.address}/#seed=ripley&model=first&resolution=16")
    shown(page, "ripley")

    expect(page.locator("#caption")).to_contain_text("16 × 16")
    expect(page).to_have_title("ripley – Progan")


def test_a_picture_is_painted_by_the_keyboard_alone(visit: Visit, site: Site) -> None:
    """The first Tab leads past the navigation; back from there each control is reached in turn."""
    page = visit(f"{site.address}/#seed=alan")
    shown(page, "alan")

    page.keyboard.press("Tab")
    expect(page.locator("#skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#view")).to_be_focused()
    for _ in range(10):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.id") == "seed":
            break
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("grace")
    page.keyboard.press("Enter")
    shown(page, "grace")

    assert pixels_of(page, "#picture") == site.pixels("grace")


def test_back_and_forward_show_the_pictures_again(visit: Visit, site: Site) -> None:
    """Each seed is an entry of the browser's history."""
    page = visit(f"{site.address}/#seed=alan")
    shown(page, "alan")
    paint(page, "ripley")
    shown(page, "ripley")

    page.go_back()
    shown(page, "alan")
    page.go_forward()
    shown(page, "ripley")

    assert pixels_of(page, "#picture") == site.pixels("ripley")


def test_axe_finds_no_fault(visit: Visit, site: Site) -> None:
    """In both colour schemes, on a wide screen and on a phone; and nothing is cut off."""
    page = visit(f"{site.address}/#seed=alan")
    shown(page, "alan")

    assert findings(page) == []


def test_the_page_is_small(visit: Visit, site: Site) -> None:
    """Page, style and scripts together, as they travel."""
    page = visit(f"{site.address}/#seed=alan")
    shown(page, "alan")

    assert 0 < bytes_on_the_wire(page) <= MOST_BYTES


def test_a_busy_service_is_waited_for(visit: Visit, site: Site) -> None:
    """The reader is told, the picture on screen stays, and then the wanted one comes."""
    page = visit(f"{site.address}/#seed=alan")
    shown(page, "alan")
    before = pixels_of(page, "#picture")
    refused = refuse(page, "**/images/ripley*", 503, times=2)
    paint(page, "ripley")

    expect(page.locator("#pause")).to_contain_text("Going on in")
    assert pixels_of(page, "#picture") == before
    shown(page, "ripley")
    assert len(refused) == 2
    assert pixels_of(page, "#picture") == site.pixels("ripley")


def test_a_restart_in_mid_use_costs_nothing(visit: Visit, site: Site) -> None:
    """While the service is away the page says so, and goes on by itself when it is back."""
    page = visit(f"{site.address}/#seed=alan")
    shown(page, "alan")
    site.stop()
    paint(page, "ripley")

    expect(page.locator("#pause")).to_contain_text("does not answer")
    site.start()
    shown(page, "ripley")
    assert pixels_of(page, "#picture") == site.pixels("ripley")


def test_a_model_that_is_replaced_in_mid_use_is_told(visit: Visit, site: Site) -> None:
    """The next name is painted by the new version, and the page says so."""
    page = visit(f"{site.address}/#seed=alan")
    shown(page, "alan")
    old = site.pixels("ripley")
    site.put("first", "first anew")
    address, replaced = f"{site.address}/images/1", card_of_version("first").pinned_name
    wait_until(lambda: httpx2.get(address, params={"model": replaced}).status_code == 404)
    paint(page, "ripley")
    shown(page, "ripley")

    assert pixels_of(page, "#picture") == site.pixels("ripley") != old


def test_a_picture_that_is_no_longer_wanted_never_replaces_a_newer_one(
    visit: Visit, site: Site
) -> None:
    """On a slow network, too, where answers come late."""
    page = visit(f"{site.address}/#seed=alan")
    shown(page, "alan")
    slow_down(page, latency_ms=300)
    paint(page, "ripley")
    paint(page, "grace")
    shown(page, "grace")
    page.wait_for_timeout(600)

    assert pixels_of(page, "#picture") == site.pixels("grace")
