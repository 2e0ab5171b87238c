"""The page at work in a real browser: models change, the service fails, the reader goes back."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

import httpx2
import pytest
from playwright.sync_api import Page, Request, expect

from service.access.keys import digest_of
from service.settings import Settings
from tests.service.painter import Painter, wait_until
from tests.web.browser import served
from tests.web.chromium import Visit, pixels_of, shown
from tests.web.conftest import Site, card_of_version

KEY: Final = "ada-0123456789"
LOOK: Final = "document.dispatchEvent(new Event('visibilitychange'))"


def paint(page: Page, seed: str) -> None:
    """Type a seed and press Enter."""
    page.locator("#seed").fill(seed)
    page.locator("#seed").press("Enter")


def told(page: Page, word: str) -> str:
    """The notice with a word, once the page has looked at the models again."""
    while word not in (page.locator("#notice-text").text_content() or ""):
        page.evaluate(LOOK)
        page.wait_for_timeout(20)
    return page.locator("#notice-text").text_content() or ""


def addresses(page: Page, prefix: str) -> list[str]:
    """The addresses that the page asks for from now on."""
    seen: list[str] = []

    def note(request: Request) -> None:
        path = "/".join(request.url.split("/")[3:])
        if path.startswith(prefix):
            seen.append(path)

    page.on("request", note)
    return seen


def status(site: Site, address: str) -> int:
    """The status of an answer."""
    return httpx2.get(f"{site.address}/{address}").status_code


def options(page: Page) -> list[str]:
    """The models to choose from."""
    return page.locator("#model option").all_text_contents()


def test_a_model_that_is_added_is_told_and_can_be_tried(visit: Visit, site: Site) -> None:
    """Without a reload; the picture on screen stays until the reader wants another."""
    page = visit(f"{site.address}/#seed=alan")
    shown(page, "alan")
    before = pixels_of(page, "#picture")
    site.put("second", "second")

    assert told(page, "New here") == "New here: “Second”."
    assert pixels_of(page, "#picture") == before
    assert options(page) == ["First", "Second"]
    page.locator("#notice-action").click()
    shown(page, "alan")
    assert pixels_of(page, "#picture") != before
    expect(page.locator("#model")).to_have_value("second")


def test_a_replaced_model_leaves_the_picture_and_offers_the_new_one(
    visit: Visit, site: Site
) -> None:
    """Two versions of one name: the notice says what stays and what will be different."""
    page = visit(f"{site.address}/#seed=alan")
    shown(page, "alan")
    asked = addresses(page, "images/alan")
    before = pixels_of(page, "#picture")
    site.put("first", "first anew")
    text = told(page, "replaced")

    assert text.startswith("“First” has been replaced by a new version. What is on screen")
    assert pixels_of(page, "#picture") == before
    page.locator("#notice-action").click()
    shown(page, "alan")
    assert pixels_of(page, "#picture") != before
    assert card_of_version("first anew").pinned_name in unquote(asked[0])
    expect(page.locator("#error")).to_be_hidden()


def test_a_name_typed_after_an_unnoticed_replacement_is_painted_by_the_new_version(
    visit: Visit, site: Site
) -> None:
    """The old one answers 404; the page looks at the models, and says what it did."""
    page = visit(f"{site.address}/#seed=alan")
    shown(page, "alan")
    old = f"images/alan?model={card_of_version('first').pinned_name}"
    site.put("first", "first anew")
    wait_until(lambda: status(site, old) == 404)
    paint(page, "ripley")
    shown(page, "ripley")

    expect(page.locator("#notice-text")).to_have_text(
        "“First” has been replaced: this is painted by its new version."
    )
    expect(page.locator("#error")).to_be_hidden()


def test_a_removed_model_leaves_the_picture_and_the_next_name_has_another_model(
    visit: Visit, site: Site
) -> None:
    """Both are said, and the choice shows that the model is no longer offered."""
    site.put("second", "second")
    wait_until(lambda: status(site, "images/1?model=second") == 200)
    page = visit(f"{site.address}/#seed=ripley&model=first")
    shown(page, "ripley")
    before = pixels_of(page, "#picture")
    site.drop("first")

    assert told(page, "no longer").startswith("“First” is no longer offered. What is on screen")
    assert pixels_of(page, "#picture") == before
    assert options(page) == ["Second", "First (no longer offered)"]
    paint(page, "ash")
    shown(page, "ash")
    expect(page.locator("#model")).to_have_value("second")
    expect(page.locator("#notice-text")).to_have_text(
        "“First” is not offered here. This is painted by “Second”."
    )


def test_a_page_that_nobody_looks_at_asks_nothing(visit: Visit, site: Site) -> None:
    """Only when it comes to the front again."""
    page = visit(f"{site.address}/#seed=alan")
    shown(page, "alan")
    asked = addresses(page, "models")
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    page.evaluate(LOOK)
    page.wait_for_timeout(100)
    assert asked == []
    page.evaluate("delete document.hidden")
    page.evaluate(f"{LOOK}; {LOOK}")

    wait_until(lambda: page.wait_for_timeout(20) or len(asked) == 1)


def test_a_wall_on_screen_survives_a_restart_of_the_service(visit: Visit, site: Site) -> None:
    """What is there stays, what is wanted meanwhile comes when the service is back."""
    page = visit(site.address)
    first = page.locator(".grid canvas").first
    expect(first).to_be_visible()
    page.wait_for_function("() => document.querySelector('.grid canvas').width > 0")
    site.stop()
    page.evaluate("scrollTo(0, 9000)")
    expect(page.locator("#pause")).to_contain_text("does not answer")
    site.start()

    page.wait_for_function(
        "() => [...document.querySelectorAll('.grid canvas')].every(({ width }) => width > 0)"
    )
    expect(page.locator("#pause")).to_have_text("")


def test_the_page_paints_the_seed_without_what_nobody_sees(visit: Visit, site: Site) -> None:
    """Spaces at the ends are gone; nothing but spaces paints nothing."""
    page = visit(f"{site.address}/#seed=alan")
    shown(page, "alan")
    asked = addresses(page, "images/")
    paint(page, "  Alan\u200b ")
    shown(page, "Alan")
    count = len(asked)
    paint(page, "   ")
    page.wait_for_timeout(100)

    assert asked[0].startswith("images/Alan?")
    assert len(asked) == count


def test_back_and_forward_go_through_pictures_and_views(visit: Visit, site: Site) -> None:
    """Neither a surprise nor another view loses what was there."""
    page = visit(f"{site.address}/#seed=alan")
    shown(page, "alan")
    page.locator("#surprise").click()
    expect(page.locator("#caption strong")).to_have_text(re.compile(r"\d+"))
    surprise = page.locator("#caption strong").text_content() or ""
    shown(page, surprise)
    page.get_by_role("link", name="Status", exact=True).click()
    expect(page.locator("h1")).to_have_text("Service and models")
    page.go_back()
    shown(page, surprise)
    page.go_back()
    shown(page, "alan")
    page.go_forward()
    shown(page, surprise)

    expect(page).to_have_title(f"{surprise} – Progan")


@pytest.mark.parametrize(
    ("address", "seed", "told_text"),
    [
        (
            "#seed=ripley&model=nobody&resolution=512",
            "ripley",
            "“nobody” is not offered here. This is painted by “First”.",
        ),
        (
            "#view=dreams&seed=ripley",
            "ripley",
            "This page has no “dreams”; an older or newer one may.",
        ),
    ],
)
def test_a_link_to_what_is_not_there_opens_what_there_is_and_says_so(
    visit: Visit, site: Site, address: str, seed: str, told_text: str
) -> None:
    """A model that was removed with a resolution that it alone had; a view of another version."""
    page = visit(f"{site.address}/{address}")
    shown(page, seed)

    expect(page.locator("#caption")).to_contain_text("32 × 32 pixels")
    expect(page.locator("#notice-text")).to_have_text(told_text)
    expect(page.locator("#error")).to_be_hidden()


def test_where_a_key_is_required_the_page_asks_for_it_once(
    visit: Visit, settings: Settings
) -> None:
    """A wrong one is refused in words; the right one is kept for the tab, and in no address."""
    guarded = settings.model_copy(update={"api_keys": (digest_of(KEY),)})
    with served(guarded, Painter()) as address:
        page = visit(address)
        page.locator("#key").fill("wrong-0123456789")
        page.locator("#key").press("Enter")
        expect(page.locator("#key-refused")).to_contain_text("refused")
        asked = addresses(page, "")
        page.locator("#key").fill(KEY)
        page.locator("#key").press("Enter")
        page.wait_for_function("() => document.querySelector('.grid canvas')?.width > 0")
        expect(page.locator("#key-form")).to_be_hidden()
        page.reload()
        page.wait_for_function("() => document.querySelector('.grid canvas')?.width > 0")
        expect(page.locator("#key-form")).to_be_hidden()

        assert asked
        assert not [each for each in [*asked, page.url] if KEY in each]
