"""Translating a picture in a real browser: chosen, dropped or pasted, refused, and taken away."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.service.http.routes.test_translate import upload
from tests.service.painter import wait_until
from tests.web.chromium import Visit, findings, pixels_of, refuse
from tests.web.conftest import Site

RESULT = ".two figure:last-child img"
GIVE = """([type, content]) => {
  const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], "picture.png", { type: "image/png" }));
  const options = type === "paste" ? { clipboardData: data } : { dataTransfer: data };
  const Kind = type === "paste" ? ClipboardEvent : DragEvent;
  document.body.dispatchEvent(new Kind(type, { bubbles: true, cancelable: true, ...options }));
}"""


@pytest.fixture
def translating(shared_site: Site) -> Site:
    """A service with a model that translates, beside one of seeds."""
    shared_site.put("shades", "shades")
    wait_until(lambda: httpx2.get(f"{shared_site.address}/models/shades").is_success)
    return shared_site


def opened(visit: Visit, site: Site, fragment: str = "view=translate") -> Page:
    """The view, ready for a picture."""
    page = visit(f"{site.address}/#{fragment}")
    expect(page.locator("#source-file")).to_be_visible()
    return page


def choose(page: Page, content: bytes, name: str = "picture.png") -> None:
    """Choose a file."""
    file: FilePayload = {"name": name, "mimeType": "image/png", "buffer": content}
    page.set_input_files("#source-file", files=[file])


def settled(page: Page, domain: str) -> None:
    """Wait until the translation into a domain is shown."""
    expect(page.locator(".two figure:last-child figcaption")).to_contain_text(f"As {domain}")
    expect(page.locator("#status")).to_have_text("")


def digest_of(site: Site, content: bytes, to: str, **fields: str) -> str:
    """The digest of the pixels that the service answers."""
    query = {"model": "shades", "to": to, **fields}
    answer = httpx2.post(f"{site.address}/translate", params=query, content=content)
    return answer.raise_for_status().headers["X-Pixel-SHA256"]


def test_a_chosen_picture_stands_beside_its_translation(visit: Visit, translating: Site) -> None:
    """Into the domain that is pressed; another one follows at a click, and is in the address."""
    content = upload((24, 16))
    page = opened(visit, translating)
    choose(page, content)
    settled(page, "dark")
    expect(page.locator(".source img")).to_be_visible()
    assert pixels_of(page, RESULT) == digest_of(translating, content, "dark")

    page.get_by_role("button", name="light").press("Enter")
    settled(page, "light")
    expect(page).to_have_url(re.compile("view=translate.*to=light"))
    assert pixels_of(page, RESULT) == digest_of(translating, content, "light")


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_a_picture_can_be_dropped_or_pasted_anywhere(
    visit: Visit, translating: Site, kind: str
) -> None:
    """Not only into the field."""
    content = upload((16, 16))
    page = opened(visit, translating)
    page.evaluate(GIVE, [kind, base64.b64encode(content).decode()])
    settled(page, "dark")

    assert pixels_of(page, RESULT) == digest_of(translating, content, "dark")


def test_what_is_no_picture_is_refused_in_words(visit: Visit, translating: Site) -> None:
    """And the next one that is one is translated."""
    page = opened(visit, translating)
    choose(page, b"hello")
    expect(page.locator("#error")).to_contain_text("none of image/png, image/jpeg, image/webp")
    expect(page.locator(".translated")).to_be_hidden()
    choose(page, upload())
    settled(page, "dark")

    expect(page.locator("#error")).to_be_hidden()


def test_a_file_that_is_too_large_is_refused_in_words(visit: Visit, translating: Site) -> None:
    """With the limit of the service."""
    page = opened(visit, translating)
    choose(page, upload() + bytes(translating.settings.max_upload_bytes))

    expect(page.locator("#error")).to_contain_text("larger than 16777216 bytes: send a smaller one")


def test_a_busy_service_is_waited_for(visit: Visit, translating: Site) -> None:
    """The reader is told, and the same picture is sent again."""
    content = upload()
    page = opened(visit, translating)
    refused = refuse(page, "**/translate*", 503)
    choose(page, content)
    expect(page.locator("#pause")).to_contain_text("Going on in")
    settled(page, "dark")

    assert len(refused) == 1
    assert pixels_of(page, RESULT) == digest_of(translating, content, "dark")


def test_the_translation_is_saved_and_its_command_makes_it_again(
    visit: Visit, translating: Site, tmp_path: Path
) -> None:
    """The file has the pixels on screen; the command names the address that answers them."""
    content = upload()
    page = opened(visit, translating, "view=translate&resolution=8")
    choose(page, content)
    settled(page, "dark")
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG").click()
    saved = tmp_path / "saved.png"
    download.value.save_as(saved)
    page.get_by_role("button", name="Copy").click()
    command = str(page.evaluate("navigator.clipboard.readText()"))
    found = re.fullmatch(r"curl --data-binary @picture\.png -o translated\.png '(.+)'", command)

    assert found
    assert download.value.suggested_filename == "dark-8.png"
    assert httpx2.post(found[1], content=content).content == saved.read_bytes()


def test_models_and_views_lead_to_each_other(visit: Visit, translating: Site) -> None:
    """No seed is asked for where a picture is; a picture that was chosen is there again."""
    page = opened(visit, translating)
    choose(page, upload())
    settled(page, "dark")
    expect(page.locator("#seed")).to_be_hidden()
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Wall").click()
    expect(page).to_have_url(re.compile("#model=first"))
    expect(page.locator("#seed")).to_be_visible()
    page.locator("#model").select_option("shades")
    expect(page).to_have_url(re.compile("#view=translate"))

    settled(page, "dark")


def test_axe_finds_no_fault(visit: Visit, translating: Site) -> None:
    """In both colour schemes, on a wide screen and on a phone."""
    page = opened(visit, translating)
    choose(page, upload())
    settled(page, "dark")

    assert findings(page) == []
