"""Taking a picture away in a real browser: files, lines to paste, and what they promise."""

from __future__ import annotations

import re
from pathlib import Path

import httpx2
from PIL import Image
from playwright.sync_api import Page, expect

from tests.service.painter import wait_until
from tests.web.chromium import Visit
from tests.web.conftest import Site, card_of_version

POINT = "seed=ada&end=grace&t=0.25"


def opened(visit: Visit, site: Site, fragment: str = POINT) -> Page:
    """A view with a picture to take away."""
    page = visit(f"{site.address}/#{fragment}")
    expect(page.locator(".take code").first).to_be_visible()
    return page


def copied(page: Page, title: str) -> str:
    """The text of a line, by its button."""
    page.get_by_role("button", name=f"Copy {title}").click()
    expect(page.locator(f"#copy-{title.lower()}")).to_have_text("Copied")
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_always_this_picture_and_newest_model_are_told_apart(visit: Visit, site: Site) -> None:
    """After a replacement one line has gone, and one shows the new picture."""
    page = opened(visit, site)
    pinned = copied(page, "Address")
    page.get_by_label("This name, newest model").check()
    newest = copied(page, "Address")
    before = httpx2.get(newest).headers["X-Pixel-SHA256"]

    fields = "end=grace&t=0.25&model={}&resolution=32&format=png"
    name = card_of_version("first").pinned_name
    assert pinned == f"{site.address}/images/ada?{fields.format(name)}"
    assert newest == f"{site.address}/images/ada?{fields.format('first')}"
    assert httpx2.get(pinned).headers["X-Pixel-SHA256"] == before
    assert before == site.pixels("ada", end="grace", t="0.25")
    expect(page.get_by_text("shows the new model’s picture")).to_be_visible()
    site.put("first", "first anew")
    wait_until(lambda: httpx2.get(pinned).status_code == 404)
    assert httpx2.get(newest).headers["X-Pixel-SHA256"] != before


def test_every_line_leads_to_the_picture(visit: Visit, site: Site) -> None:
    """HTML, Markdown and the command hold the copied address; one more leads to the page."""
    page = opened(visit, site)
    address = copied(page, "Address")

    page.get_by_role("button", name="Copy a link to this page").click()
    expect(page.get_by_role("button", name="Copied", exact=True)).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()") == page.url
    assert copied(page, "HTML").replace("&amp;", "&").startswith(f'<img src="{address}"')
    assert copied(page, "Markdown").endswith(f"(<{address}>)")
    assert copied(page, "Command").endswith(f"'{address}'")
    assert httpx2.get(address).headers["X-Pixel-SHA256"] == site.pixels(
        "ada", end="grace", t="0.25"
    )


def test_the_picture_is_saved_in_each_format(visit: Visit, site: Site) -> None:
    """Under a name that says what it is."""
    page = opened(visit, site)
    for kind in ("PNG", "WebP", "JPEG"):
        with page.expect_download() as saved:
            page.get_by_role("link", name=kind, exact=True).click()

        assert re.fullmatch(r"ada-grace-0\.25-32\.\w+", saved.value.suggested_filename)
        with Image.open(Path(saved.value.path())) as image:
            assert image.format == kind.upper()


def test_a_button_that_is_pressed_twice_has_its_own_words_again(visit: Visit, site: Site) -> None:
    """However soon the second time comes."""
    page = opened(visit, site)
    button = page.locator(".take .actions button").first
    button.click()
    button.click()
    expect(button).to_have_text("Copied")
    page.wait_for_timeout(1600)  # after which the second one shows what it found
    expect(button).to_have_text("Copy a link to this page")
    page.wait_for_timeout(1600)

    assert button.text_content() == "Copy a link to this page"
