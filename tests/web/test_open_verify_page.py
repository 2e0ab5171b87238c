"""The page at /check at work on a service: a picture is chosen, and its proofs are read."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from service.access.keys import digest_of
from service.settings import Settings
from tests.service.painter import Painter
from tests.web.browser import run_script, served

KEY = "ada-0123456789"
CHECK = """
const [host, content] = given;
service.host = `${host}/`;
const file = new Blob([Buffer.from(content, "base64")], { type: "image/png" });
file.name = "seven.png";
const choose_file = async () => {
  find("file").files = [file];
  find("file").dispatchEvent(new Event("change"));
  await until(() => !find("result").hidden || !find("error").hidden);
};
const words = (id) => find(id).children.map((child) => child.textContent);
await script("verify.js");
"""


@pytest.fixture
def host(settings: Settings) -> Iterator[str]:
    """The address of a service."""
    with served(settings, Painter()) as address:
        yield address


def check(host: str, content: bytes, code: str) -> Any:
    """What `code` prints on the page of a service, with a file to choose."""
    return run_script(CHECK + code, host, base64.b64encode(content).decode())


def test_a_chosen_picture_shows_its_verdict_three_proofs_and_the_way_to_make_it_again(
    host: str,
) -> None:
    """The link gives the same picture."""
    content = httpx2.get(f"{host}/images/7").content
    code = """
    await choose_file();
    print({ origin: find("origin").textContent, verdict: find("verdict").textContent,
      proofs: words("proofs"), again: find("again").href, shown: !find("picture").hidden,
      focused: document.activeElement === find("result"), status: find("status").textContent });
    """
    seen = check(host, content, code)

    assert seen["origin"] == "Proved"
    assert "made this picture from seed 7" in str(seen["verdict"])
    assert seen["proofs"][:2] == ["Made again", "The same pixels, each of them."]
    assert (seen["shown"], seen["focused"], seen["status"]) == (True, True, "")
    assert httpx2.get(f"{host}{seen['again']}").content == content


def test_what_is_no_picture_is_said_in_the_services_words(host: str) -> None:
    """Another one may be chosen."""
    code = """
    await choose_file();
    print({ error: find("error").textContent, result: find("result").hidden });
    """
    seen = check(host, b"no picture", code)

    assert "this is none of image/png" in str(seen["error"])
    assert seen["result"]


def test_where_a_key_is_required_the_file_is_sent_again_with_it(settings: Settings) -> None:
    """As everywhere on the pages."""
    code = f"""
    const chosen = choose_file();
    await until(() => !find("key-form").hidden);
    find("key").value = "{KEY}";
    find("key-form").dispatchEvent(new Event("submit", {{ cancelable: true }}));
    await chosen;
    print({{ error: find("error").textContent, sent: sent.length }});
    """
    guarded = settings.model_copy(update={"api_keys": (digest_of(KEY),)})
    with served(guarded, Painter()) as address:
        seen = check(address, b"no picture", code)

    assert "this is none of image/png" in str(seen["error"])
    assert seen["sent"] == 2
