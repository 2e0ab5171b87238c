"""Lines to paste elsewhere: whatever a seed is made of, each is read back as what it means."""

from __future__ import annotations

import html.parser
import json
import shlex
from typing import Any, Final

import pytest

from tests.web.browser import run_script

SEEDS: Final = [
    "alan",
    "a'b",
    'a"b',
    "<b>&amp;",
    "a](b)",
    "`x` *y* _z_",
    "a\\b",
    "$(id)",
    "a\nb",
    "鍵",
]


def snippets(seed: str, *, key: bool = False) -> dict[str, str]:
    """The lines for the picture of a seed."""
    code = """
    const { imageAddress } = await script("pictures.js");
    const { snippetsOf } = await script("snippets.js");
    const [seed, isKeyNeeded] = JSON.parse(given[0]);
    const picture = imageAddress({ seed, model: "first@0f", resolution: 32 });
    const address = `https://here.test/${picture}`;
    print([address, snippetsOf({ address, words: `The picture of “${seed}”`, fileName: "first.png",
      width: 32, height: 48, isKeyNeeded })]);
    """
    address, lines = run_script(code, json.dumps([seed, key]))
    return {"address": address, **{line["title"]: line["text"] for line in lines}}


class Images(html.parser.HTMLParser):
    """The attributes of each image of an HTML text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.others: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element."""
        if tag == "img":
            self.found.append(dict(attrs))
        else:
            self.others.append(tag)

    def handle_data(self, data: str) -> None:
        """Note text beside the image."""
        self.others.append(data)


@pytest.fixture(scope="module")
def all_lines() -> list[tuple[str, dict[str, str]]]:
    """Each seed with its lines."""
    return [(seed, snippets(seed)) for seed in SEEDS]


def test_the_html_line_is_one_image(all_lines: list[tuple[str, dict[str, str]]]) -> None:
    """With address, words and size, and nothing beside it."""
    for seed, lines in all_lines:
        images = Images(lines["HTML"])
        wanted: dict[str, Any] = {"src": lines["address"], "alt": f"The picture of “{seed}”"}
        assert images.found == [{**wanted, "width": "32", "height": "48"}]
        assert images.others == []


def test_the_command_is_one_argument_each(all_lines: list[tuple[str, dict[str, str]]]) -> None:
    """As a shell splits it: nothing of the seed is run, and the address is whole."""
    for _, lines in all_lines:
        program, option, name, address = shlex.split(lines["Command"])
        assert (program, option, name) == ("curl", "-o", "first.png")
        assert address.replace("%27", "'") == lines["address"]


def test_the_markdown_line_is_one_image(all_lines: list[tuple[str, dict[str, str]]]) -> None:
    """No sign of a seed ends the words or the address, and there is one line."""
    for _, lines in all_lines:
        words, _, address = lines["Markdown"].rpartition("](<")
        assert address == f"{lines['address']}>)"
        assert not {"<", ">", " ", "\n"} & set(lines["address"])
        assert "\n" not in words
        inside = words.removeprefix("![").replace("\\\\", "")
        assert all(f"\\{sign}" in inside for sign in "[]`*_<>" if sign in inside)


def test_the_key_of_the_reader_is_in_no_line() -> None:
    """The command has a place for it where the service asks for one."""
    assert "-H 'X-API-Key: YOUR-KEY'" in snippets("alan", key=True)["Command"]
    assert "X-API-Key" not in snippets("alan")["Command"]
