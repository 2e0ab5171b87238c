"""The page for people: complete in itself, and fit for a strict content security policy."""

from __future__ import annotations

import os
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest

import service

WEB: Final = Path(service.__file__).parent / "web"
FILES: Final = sorted(str(path.relative_to(WEB)) for path in WEB.rglob("*.*"))
PAGES: Final = ("index.html", "verify.html", "docs.html")
OF_ANOTHER_PAGE: Final = {"verify.js": "verify.html"}  # script -> its page
SCRIPTS: Final = [name for name in FILES if name.endswith(".js")]
MADE_BY_SCRIPTS: Final = {
    made.partition("$")[0]
    for name in SCRIPTS
    for made in re.findall(r"""\bid: ["'`]([^"'`]+)""", (WEB / name).read_text("utf-8"))
}
IN_BRACKETS: Final = r"""\(\s*["'`]([^"'`]*)["'`]\s*\)"""


class Page(HTMLParser):
    """Every element of the page with its attributes, in order."""

    def __init__(self, name: str = "index.html") -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed((WEB / name).read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        """Note the text right after a tag."""
        if data.strip():
            self.texts.append((self.elements[-1][0], data.strip()))

    def values(self, attribute: str) -> list[str]:
        """The values of an attribute, wherever it occurs."""
        return [attributes[attribute] for _, attributes in self.elements if attribute in attributes]


def text_of(name: str) -> str:
    """A file of the page."""
    return (WEB / name).read_text("utf-8")


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_id_that_a_script_looks_for_is_on_the_page(name: str) -> None:
    """A name made from a format stands for each format that begins like it."""
    ids = set(Page(OF_ANOTHER_PAGE.get(name, "index.html")).values("id")) | MADE_BY_SCRIPTS

    for wanted in re.findall(rf"\bfind{IN_BRACKETS}", text_of(name)):
        prefix, made_up, _ = wanted.partition("${")
        assert any(i.startswith(prefix) for i in ids) if made_up else wanted in ids, wanted


@pytest.mark.parametrize("name", ["index.html", "verify.html"])
def test_no_id_is_used_twice_and_none_for_nothing(name: str) -> None:
    """Each id is unique, and is meant for a script, a label or a heading."""
    page = Page(name)
    code = "".join(text_of(name) for name in SCRIPTS)
    found = {re.sub(r"\$\{.*", "", i) for i in re.findall(rf"\bfind{IN_BRACKETS}", code)}
    meant = page.values("for") + page.values("aria-labelledby") + page.values("aria-describedby")
    meant += [href[1:] for href in page.values("href") if href.startswith("#")]

    for each, count in Counter(page.values("id")).items():
        assert count == 1, each
        assert each in meant or any(each.startswith(f) for f in found), each


def test_the_dialog_for_a_key_finds_its_form_on_both_pages() -> None:
    """The same ids, so that the same script serves both."""
    wanted = set(re.findall(rf"\bfind{IN_BRACKETS}", text_of("api-key-dialog.js")))

    assert wanted <= set(Page("verify.html").values("id"))


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_inline(name: str) -> None:
    """No script, style or handler in the page itself, which the policy would block."""
    page = Page(name)

    assert not [tag for tag, _ in page.elements if tag == "style"]
    assert all("src" in attributes for tag, attributes in page.elements if tag == "script")
    assert not [a for _, attributes in page.elements for a in attributes if a.startswith("on")]
    assert not page.values("style")


@pytest.mark.parametrize("name", FILES)
def test_nothing_comes_from_elsewhere(name: str) -> None:
    """No address of another host, but the name of the SVG format."""
    text = text_of(name).replace("http://www.w3.org/2000/svg", "")

    assert not re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", text)
    assert "@import" not in text


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_do_nothing_that_the_policy_forbids(name: str) -> None:
    """No text becomes code or markup, no style attribute is written."""
    code = text_of(name)

    for word in ("eval(", "new Function", "innerHTML", "outerHTML", "insertAdjacentHTML", "style:"):
        assert word not in code


def test_every_file_is_used_and_every_used_file_exists() -> None:
    """Page, style and scripts name one another, all under `web/`."""
    pages = [Page(name) for name in PAGES]
    addresses = [a for page in pages for a in page.values("src") + page.values("href")]
    used = {
        address.removeprefix("web/").replace(".bundle", "")
        for address in addresses
        if address.startswith("web/")
    }
    for name in SCRIPTS:
        for imported in re.findall(r'from "(\.[^"]+)"', text_of(name)):
            used.add(os.path.normpath(Path(name).parent / imported))

    assert used | set(PAGES) == set(FILES)


@pytest.mark.parametrize("name", ["index.html", "verify.html"])
def test_every_field_has_a_label(name: str) -> None:
    """Whoever cannot see the page is told what each field is for."""
    page = Page(name)
    labelled = set(page.values("for"))

    fields = [a for tag, a in page.elements if tag in ("input", "select")]
    assert fields
    assert all(field["id"] in labelled for field in fields)
    assert all("alt" in attributes for tag, attributes in page.elements if tag == "img")
    assert ("html", {"lang": "en"}) in page.elements


def test_the_key_is_typed_unseen_and_cannot_be_submitted_into_an_address() -> None:
    """Its field has no name, which a form would send, and is told what it is for."""
    page = Page()
    (field,) = [a for _, a in page.elements if a.get("id") == "key"]

    assert field["type"] == "password"
    assert field["autocomplete"] == "off"
    assert not page.values("action")
    assert "name" not in field
    assert field["aria-describedby"] in page.values("id")


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_key_is_kept_in_the_tab_alone(name: str) -> None:
    """Only `key.js` keeps it; only `memory.js` keeps anything for longer, and sees no key."""
    code = text_of(name)

    assert not re.findall(r"indexedDB|caches|cookie", code)
    assert ("localStorage" in code) == (name == "memory.js")
    # Navigation stores there the fields of an address, of which none is a key.
    assert ("sessionStorage" in code) == (name in ("key.js", "navigation.js"))


def test_what_is_kept_for_long_comes_from_a_module_without_keys() -> None:
    """So that no key can get into it."""
    imports = r"""(?:from|import\() ?["']([^"']*)"""

    assert re.findall(imports, text_of("memory.js")) == ["./seeds.js", "./styling.js"]
    assert re.findall(imports, text_of("styling.js")) == ["./address-fields.js", "./seeds.js"]
    assert not re.findall(imports, text_of("seeds.js"))


def test_every_request_of_the_page_is_sent_with_the_key() -> None:
    """All go through one place; the description of the routes is open to all."""
    requesting = [name for name in SCRIPTS if re.search(r"\bfetch\(|XMLHttpRequest", text_of(name))]

    assert requesting == ["api.js", "docs.js"]
    assert text_of("api.js").count("fetch(") == 1


@pytest.mark.parametrize("hidden", ["key-form", "key-refused", "label-choice"])
def test_what_few_models_and_services_need_is_hidden_at_first(hidden: str) -> None:
    """Neither classes nor keys are shown before one is known to be there."""
    (element,) = [a for _, a in Page().elements if a.get("id") == hidden]

    assert "hidden" in element


@pytest.mark.parametrize("name", SCRIPTS)
def test_seeds_stay_text(name: str) -> None:
    """No seed passes through a number, which would lose digits above 2^53."""
    assert not re.findall(
        r"(?:Number|parseInt|parseFloat)\([^)]*seed", text_of(name), re.IGNORECASE
    )


def test_addresses_are_relative_so_that_a_proxy_may_add_a_prefix() -> None:
    """No link or request begins at the root of the host."""
    for page in map(Page, PAGES):
        assert not [a for a in page.values("href") + page.values("src") if a.startswith("/")]
    for name in SCRIPTS:
        assert not re.findall(r'(?:ask|fetch)\(["\'`]/', text_of(name))
