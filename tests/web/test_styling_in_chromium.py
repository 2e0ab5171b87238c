"""Truncation and a second style in a real browser, for a model that takes them."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.service.painter import wait_until
from tests.web.chromium import Visit, findings, pixels_of, shown
from tests.web.conftest import Site

MODEL = {"model": "styled"}


@pytest.fixture
def styled(shared_site: Site) -> Site:
    """A service with a model whose layers have styles, beside one without."""
    shared_site.put("styled", "styled")
    wait_until(lambda: httpx2.get(f"{shared_site.address}/models/styled").is_success)
    return shared_site


def opened(visit: Visit, site: Site, fields: dict[str, str]) -> Page:
    """The page at an address with these fields."""
    return visit(f"{site.address}/#{urlencode(MODEL | fields)}")


def slide(page: Page, psi: str) -> None:
    """Move the slider, as a hand does."""
    page.locator("#psi").evaluate(
        "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input')); }",
        psi,
    )


def test_an_address_with_psi_and_mix_shows_that_picture(visit: Visit, styled: Site) -> None:
    """In the bar, in words, in the lines to paste, and pixel for pixel."""
    page = opened(visit, styled, {"seed": "ada", "psi": "0.7", "mix": "bob@8"})
    shown(page, "ada")

    expect(page.locator("#psi")).to_have_value("0.7")
    expect(page.locator("#style-seed")).to_have_value("bob")
    expect(page.locator("#style-from")).to_have_value("8")
    expect(page.locator("#caption")).to_contain_text("truncated to 0.7, with the style of “bob”")
    assert pixels_of(page, "#picture") == styled.pixels("ada", **MODEL, psi="0.7", mix="bob@8")
    for line in page.locator(".lines code").all_text_contents():
        assert re.search(r"[&;]psi=0\.7&(amp;)?mix=bob@8", line), line


def test_the_slider_changes_picture_and_address(visit: Visit, styled: Site) -> None:
    """Back at 1 nothing of it is left in the address."""
    page = opened(visit, styled, {"seed": "ada"})
    shown(page, "ada")
    slide(page, "0.4")
    expect(page).to_have_url(re.compile(r"[#&]psi=0\.4(&|$)"))
    expect(page.locator("#caption")).to_contain_text("truncated to 0.4")
    shown(page, "ada")
    assert pixels_of(page, "#picture") == styled.pixels("ada", **MODEL, psi="0.4")

    slide(page, "1")
    expect(page).not_to_have_url(re.compile("psi"))
    expect(page.locator("#caption")).not_to_contain_text("truncated")
    assert pixels_of(page, "#picture") == styled.pixels("ada", **MODEL)


def test_a_second_style_is_added_changed_and_taken_away(visit: Visit, styled: Site) -> None:
    """By keyboard alone; each is an entry of the history."""
    page = opened(visit, styled, {"seed": "ada"})
    shown(page, "ada")
    page.locator("#style-seed").press_sequentially("bob")
    page.locator("#style-seed").press("Enter")
    expect(page).to_have_url(re.compile(r"mix=bob%40\d+"))
    page.locator("#style-from").select_option("16")
    expect(page).to_have_url(re.compile(r"mix=bob%4016"))
    expect(page.locator("#caption")).to_contain_text("from 16 px on")
    shown(page, "ada")
    assert pixels_of(page, "#picture") == styled.pixels("ada", **MODEL, mix="bob@16")

    page.get_by_role("button", name="None").press("Enter")
    expect(page).not_to_have_url(re.compile("mix="))
    expect(page.get_by_role("button", name="None")).to_be_hidden()
    page.go_back()
    expect(page.locator("#style-seed")).to_have_value("bob")


def test_another_model_has_none_of_it(visit: Visit, styled: Site) -> None:
    """The choices go, and the address has the picture of that model."""
    page = opened(visit, styled, {"seed": "ada", "psi": "0.7", "mix": "bob@8"})
    shown(page, "ada")
    page.locator("#model").select_option("first")
    expect(page).to_have_url(re.compile("model=first"))

    expect(page).not_to_have_url(re.compile("psi|mix="))
    expect(page.locator("#styling")).to_be_hidden()


def test_every_view_asks_for_styled_pictures(visit: Visit, styled: Site) -> None:
    """The wall, variations, mixtures and walks, and what they lead to."""
    asked: list[str] = []
    page = opened(visit, styled, {"seed": "ada", "psi": "0.7"})
    shown(page, "ada")
    page.on("request", lambda request: asked.append(request.url))
    for title in ("Wall", "Variations", "Mix", "Walk"):
        before = len(asked)
        page.get_by_role("navigation", name="Views").get_by_role("link", name=title).click()
        expect(page).to_have_url(re.compile(r"[#&]psi=0\.7"))
        page.wait_for_load_state("networkidle")
        expect(page.locator("main .waiting")).to_have_count(0)
        pictures = [url for url in asked[before:] if "/images" in url or "/generate" in url]
        assert pictures
        assert all(parse_qs(urlsplit(url).query)["psi"] == ["0.7"] for url in pictures), title


def test_a_favourite_keeps_its_styling(visit: Visit, styled: Site) -> None:
    """The same seed without it is another favourite; a click shows it again."""
    page = opened(visit, styled, {"seed": "ada", "psi": "0.7"})
    shown(page, "ada")
    page.get_by_role("button", name="Favourite").click()
    slide(page, "1")
    expect(page.get_by_role("button", name="Favourite")).to_have_attribute("aria-pressed", "false")
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Saved").click()
    page.get_by_role("link", name="ada", exact=True).click()
    shown(page, "ada")

    expect(page).to_have_url(re.compile(r"psi=0\.7"))
    assert pixels_of(page, "#picture") == styled.pixels("ada", **MODEL, psi="0.7")


@pytest.fixture
def directed(shared_site: Site) -> Site:
    """A service with a model that has the directions pca-1, pca-2 and pca-3."""
    shared_site.put("directed", "directed")
    wait_until(lambda: httpx2.get(f"{shared_site.address}/models/directed").is_success)
    return shared_site


def test_sliders_move_along_directions(visit: Visit, directed: Site) -> None:
    """What an address holds is on them; what they change is in address and picture."""
    fields = {"model": "directed", "seed": "ada", "edit": "pca-2:-1.5"}
    page = visit(f"{directed.address}/#{urlencode(fields)}")
    shown(page, "ada")
    expect(page.locator("#edit-pca-2")).to_have_value("-1.5")
    expect(page.locator("#caption")).to_contain_text("pca-2 −1.5")
    assert pixels_of(page, "#picture") == directed.pixels(
        "ada", model="directed", edit="pca-2:-1.5"
    )

    page.get_by_label("pca-1").press("ArrowRight")
    expect(page).to_have_url(re.compile(r"edit=pca-1%3A0\.25%2Cpca-2%3A-1\.5"))
    expect(page.locator("#caption")).to_contain_text("pca-1 +0.25, pca-2 −1.5")
    shown(page, "ada")
    edit = "pca-1:0.25,pca-2:-1.5"
    assert pixels_of(page, "#picture") == directed.pixels("ada", model="directed", edit=edit)

    page.locator(".edits").get_by_role("button", name="None").click()
    expect(page).not_to_have_url(re.compile("edit="))
    expect(page.locator("#edit-pca-2")).to_have_value("0")
    assert findings(page) == []


def test_axe_finds_no_fault(visit: Visit, styled: Site) -> None:
    """In both colour schemes, on a wide screen and on a phone."""
    page = opened(visit, styled, {"seed": "ada", "psi": "0.7", "mix": "bob@8"})
    shown(page, "ada")

    assert findings(page) == []
