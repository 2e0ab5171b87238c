"""Favourites, what was looked at, files of seeds and links of sets, in a real browser."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.web.chromium import Visit, findings, shown
from tests.web.conftest import Site

HUNDRED = [str(7 * number) for number in range(1, 101)]


def tiles(page: Page) -> list[str]:
    """The names of the pictures in the grid."""
    expect(page.locator(".grid a").first).to_be_attached()
    names: list[str] = page.locator(".grid a").evaluate_all(
        "(links) => links.map((link) => link.ariaLabel)"
    )
    return names


def go(page: Page, title: str) -> None:
    """Choose a view in the navigation."""
    page.get_by_role("navigation", name="Views").get_by_role("link", name=title).click()


def make_favourites(page: Page, site: Site, *seeds: str) -> None:
    """Look at each seed, and press its heart."""
    for seed in seeds:
        page.goto(f"{site.address}/#seed={seed}")
        shown(page, seed)
        page.get_by_role("button", name="Favourite").click()


def test_favourites_and_what_was_seen_last_in_the_browser(visit: Visit, site: Site) -> None:
    """Through a reload; the newest first."""
    page = visit(f"{site.address}/#seed=ripley")
    make_favourites(page, site, "ripley", "ash")
    page.goto(f"{site.address}/#seed=dallas")
    shown(page, "dallas")
    page.reload()
    go(page, "Saved")
    assert tiles(page) == ["ash", "ripley"]
    page.get_by_role("button", name="Looked at").click()

    expect(page.get_by_role("link", name="dallas", exact=True)).to_be_visible()
    assert tiles(page) == ["dallas", "ash", "ripley"]


def test_a_favourite_can_be_undone_and_a_list_forgotten_and_brought_back(
    visit: Visit, site: Site
) -> None:
    """Nothing is lost by one wrong click."""
    page = visit(f"{site.address}/#seed=ripley")
    make_favourites(page, site, "ripley", "ash")
    go(page, "Saved")
    heart = page.get_by_role("button", name="Favourite: ash")
    heart.click()
    expect(heart).to_have_attribute("aria-pressed", "false")
    heart.click()
    expect(heart).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Forget all").click()
    expect(page.locator(".grid")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()

    assert sorted(tiles(page)) == ["ash", "ripley"]


def test_favourites_go_through_a_file_into_another_browser(
    visit: Visit, site: Site, tmp_path: Path
) -> None:
    """One seed a line, with the model as a comment."""
    page = visit(f"{site.address}/#seed=ripley")
    make_favourites(page, site, "ripley", "ash")
    go(page, "Saved")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save file").click()
    path = tmp_path / "favourites.txt"
    download.value.save_as(path)
    other = visit(f"{site.address}/#view=kept")
    other.locator("#list-file").set_input_files(path)

    expect(other.locator("#notice-text")).to_have_text("2 pictures read.")
    assert tiles(other) == ["ash", "ripley"]
    lines = path.read_text("utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert lines[1].startswith("# model: first@")
    assert lines[2:] == ["ash", "ripley"]


def test_a_list_of_another_program_is_read_and_what_is_no_seed_is_told(
    visit: Visit, site: Site, tmp_path: Path
) -> None:
    """Plain lines are painted by the model of this moment."""
    path = tmp_path / "names.txt"
    path.write_text("kane\n\nlambert\n" + "x" * 200 + "\n", "utf-8")
    page = visit(f"{site.address}/#view=kept")
    page.locator("#list-file").set_input_files(path)

    expect(page.locator("#notice-text")).to_have_text("2 pictures read. One line is no picture.")
    assert tiles(page) == ["kane", "lambert"]


def test_a_link_holds_a_set_of_a_hundred_pictures(visit: Visit, site: Site, tmp_path: Path) -> None:
    """Whoever opens it sees the same set, and can keep it."""
    path = tmp_path / "names.txt"
    path.write_text("\n".join(HUNDRED), "utf-8")
    page = visit(f"{site.address}/#view=kept")
    page.locator("#list-file").set_input_files(path)
    expect(page.locator("#notice-text")).to_contain_text("100 pictures")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("() => navigator.clipboard.readText()")
    other = visit(link)
    expect(other.locator("h1")).to_have_text("A set of pictures")

    expect(other.locator(".lead")).to_have_text("100 pictures that somebody chose.")
    assert tiles(other)[:3] == HUNDRED[:3]
    assert len(link) < 2000
    other.get_by_role("button", name="Keep all").click()
    expect(other.get_by_role("button", name="Favourite: 7", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    go(other, "Saved")
    expect(other.locator(".lead")).to_have_text("100 pictures, the newest first.")


def test_where_the_browser_stores_nothing_the_page_says_so(visit: Visit, site: Site) -> None:
    """And favourites last as long as the page is open."""
    full = (
        "Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); };"
    )
    page = visit(f"{site.address}/#seed=ripley", init=full)
    shown(page, "ripley")
    expect(page.locator("#notice-text")).to_contain_text("stores nothing")
    page.get_by_role("button", name="Favourite").click()
    go(page, "Saved")

    assert tiles(page) == ["ripley"]


def test_what_was_kept_from_another_version_or_a_model_that_is_gone_is_told(
    visit: Visit, site: Site
) -> None:
    """The link still opens; what cannot be as it was is said in a sentence."""
    page = visit(
        f"{site.address}/#view=set&pictures=%23+model:+first@00%0Aa%0A%23+model:+gone@1%0Ab"
    )

    expect(page.locator(".about")).to_have_text(
        "One picture was kept from another version of its model: it looks different now. "
        "One picture cannot be generated: its model is not offered here."
    )
    page.wait_for_function("() => document.querySelector('.grid canvas').width > 0")


def test_one_seed_that_is_not_allowed_keeps_no_other_from_being_painted(
    visit: Visit, site: Site
) -> None:
    """Nor do many long ones, which do not fit into one address."""
    long = "%0A".join(f"{number}" + "%E9%8D%B5" * 120 for number in range(10))
    page = visit(f"{site.address}/#view=set&pictures=alan%0A{2**63}%0Aada%0A{long}")

    expect(page.locator(".lead")).to_have_text(
        "12 pictures that somebody chose. One line is no picture."
    )
    page.wait_for_function(
        """() => [...document.querySelectorAll(".grid canvas")]
          .filter(({ width }) => width > 0).length === 12"""
    )


def test_axe_finds_no_fault(visit: Visit, site: Site) -> None:
    """With pictures in the list; and nothing is cut off."""
    page = visit(f"{site.address}/#view=set&pictures=alan%0Aada")
    assert tiles(page) == ["alan", "ada"]
    assert findings(page) == []
    page.get_by_role("button", name="Keep all").click()
    go(page, "Saved")
    assert tiles(page) == ["alan", "ada"]

    assert findings(page) == []
