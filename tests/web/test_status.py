"""The quiet corner of the page: how busy the service is, and its models."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from tests.web.chromium import Visit, findings
from tests.web.conftest import Site

STATUS = {
    "version": "1.2.3",
    "uptime_s": 7300.5,
    "ready": True,
    "queue": {"pictures": 3, "seconds": 1.2, "capacity": 256, "capacity_s": 20.0},
    "pictures_a_second": 12.34,
    "refused": {"queue_full": 2, "cancelled": 5},
    "models": ["first"],
    "default": "first",
}


def test_the_service_is_told_in_four_figures(visit: Visit, site: Site) -> None:
    """In words that need no manual."""
    page = visit(f"{site.address}/health/live")
    page.route("**/status", lambda route: route.fulfill(json=STATUS))
    page.goto(f"{site.address}/#view=status")

    expect(page.locator(".facts .figure")).to_have_text(["ready", "3", "12 a second", "2 hours"])
    expect(page.locator(".facts")).to_contain_text("generated in about 2 s")
    expect(page.locator(".facts")).to_contain_text("Refused: 2.")


def test_each_model_has_previews_a_card_and_a_way_to_paint_with_it(
    visit: Visit, site: Site
) -> None:
    """Six pictures; what a seed promises stands behind a disclosure."""
    page = visit(f"{site.address}/#view=status")
    card = page.locator(".card")
    expect(card.locator("h2")).to_have_text("First")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.previews img')].every((image) => image.naturalWidth)"
    )
    assert card.locator(".previews img").count() == 6
    promise = card.locator("details p")
    expect(promise).to_be_hidden()
    card.locator("summary").click()
    expect(promise).to_contain_text("byte for byte")
    card.get_by_role("button", name="Use this model").click()

    expect(page.locator(".grid")).to_be_visible()


def test_a_model_that_comes_while_the_corner_is_open_appears(visit: Visit, site: Site) -> None:
    """Without a reload."""
    page = visit(f"{site.address}/#view=status")
    expect(page.locator(".card h2")).to_have_text(["First"])
    site.put("second", "second")

    def look_again() -> bool:
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        return page.locator(".card h2").count() == 2

    while not look_again():
        page.wait_for_timeout(50)
    expect(page.locator(".card h2")).to_have_text(["First", "Second"])


def test_a_service_that_is_away_is_said_to_be(visit: Visit, site: Site) -> None:
    """And the corner goes on by itself."""
    page = visit(f"{site.address}/health/live")
    page.route("**/status", lambda route: route.abort())
    page.goto(f"{site.address}/#view=status")

    expect(page.locator(".facts .figure")).to_have_text(["away"])


def test_axe_finds_no_fault(visit: Visit, site: Site) -> None:
    """With the disclosure open; and nothing is cut off."""
    page = visit(f"{site.address}/health/live")
    page.route("**/status", lambda route: route.fulfill(body=json.dumps(STATUS)))
    page.goto(f"{site.address}/#view=status")
    page.get_by_text("What a seed promises").click()
    expect(page.locator(".facts .figure")).to_have_count(4)

    assert findings(page) == []
