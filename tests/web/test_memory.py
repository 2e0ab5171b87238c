"""What the browser remembers for the page, and lists of pictures as text."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from tests.web.browser import run_script

# A memory, its state, what it warned of, and pictures by name.
MEMORY: Final = """
const { createStore } = await script("store.js");
const { createMemory } = await script("memory.js");
const warnings = [];
const open_memory = () => {
  const store = createStore({ seen: [], favourites: [] });
  return { store, memory: createMemory(store, (text) => warnings.push(text)) };
};
const picture = (seed, more = {}) => ({ seed, end: "", t: 0.5, model: "m@1", label: "", ...more });
const seeds = (list) => list.map(({ seed }) => seed);
"""


def remember(code: str, *given: str) -> Any:
    """What `code` prints, with a memory at hand."""
    return run_script(MEMORY + code, *given)


def test_favourites_last_and_what_was_seen_is_listed_once_the_newest_first() -> None:
    """For the next visit in this browser."""
    code = """
    const { memory } = open_memory();
    for (const seed of ["a", "b", "a", "c"]) memory.visit(picture(seed));
    for (const seed of ["x", "y", "x"]) memory.toggle(picture(seed));
    memory.toggle(picture("x", { label: "Shoe" }));
    const { seen, favourites } = open_memory().store.get();
    print([seeds(seen), favourites]);
    """
    seen, favourites = remember(code)

    assert seen == ["c", "a", "b"]
    assert [(each["seed"], each["label"]) for each in favourites] == [("x", "Shoe"), ("y", "")]


def test_the_lists_are_bounded_and_what_falls_off_is_counted() -> None:
    """Five hundred that were seen, five thousand favourites."""
    code = """
    const { memory, store } = open_memory();
    for (let n = 0; n < 502; n++) memory.visit(picture(String(n)));
    const lost = memory.add(Array.from({ length: 5003 }, (_, n) => picture(String(n))));
    const { seen, favourites } = store.get();
    const bytes = [...lasting.items.values()].join("").length;
    print([seen.length, seen[0].seed, favourites.length, favourites[0].seed, lost, bytes]);
    """
    *facts, size = remember(code)

    assert facts == [500, "501", 5000, "0", 3]
    assert size < 2_000_000


@pytest.mark.parametrize("trouble", ["lasting.full = true", "lasting.forbidden = true"])
def test_where_nothing_can_be_stored_the_page_works_and_says_so_once(trouble: str) -> None:
    """As in a private window, or when the storage is full."""
    code = f"""
    {trouble};
    const {{ memory, store }} = open_memory();
    for (const seed of ["a", "b"]) memory.toggle(picture(seed));
    print([seeds(store.get().favourites), warnings.length, lasting.items.size]);
    """

    assert remember(code) == [["b", "a"], 1, 0]


@pytest.mark.parametrize(
    "stored",
    ["", "{", "null", "[]", '{"version":1}', '{"version":1,"pictures":[{"seed":7},null,"a"]}'],
)
def test_a_damaged_copy_is_an_empty_one(stored: str) -> None:
    """And the next favourite is kept."""
    code = """
    lasting.items.set("progan-favourites", given[0]);
    const { memory } = open_memory();
    memory.toggle(picture("a"));
    print(seeds(open_memory().store.get().favourites));
    """

    assert remember(code, stored) == ["a"]


def test_what_a_later_version_of_the_page_has_stored_is_left_alone() -> None:
    """It is not shown, and never overwritten."""
    code = """
    const later = JSON.stringify({ version: 2, tree: {} });
    lasting.items.set("progan-favourites", later);
    const { memory, store } = open_memory();
    memory.toggle(picture("a"));
    const kept = lasting.items.get("progan-favourites") === later;
    print([kept, warnings.length, seeds(store.get().favourites)]);
    """

    assert remember(code) == [True, 1, ["a"]]


def test_two_tabs_never_lose_each_others_favourites() -> None:
    """Each change begins with what is stored now, and the other tab shows it."""
    code = """
    const one = open_memory();
    const other = open_memory();
    one.memory.toggle(picture("a"));
    other.memory.toggle(picture("b"));
    otherTab("progan-favourites");
    print([one, other].map(({ store }) => seeds(store.get().favourites)));
    """

    assert remember(code) == [["b", "a"], ["b", "a"]]


def test_what_did_not_fit_into_the_storage_lasts_until_the_page_is_closed() -> None:
    """Also beside what was stored before; when there is room again, all of it is stored."""
    code = """
    const { memory, store } = open_memory();
    memory.toggle(picture("a"));
    lasting.full = true;
    memory.toggle(picture("b"));
    otherTab("progan-favourites");
    memory.toggle(picture("c"));
    const meanwhile = seeds(store.get().favourites);
    lasting.full = false;
    memory.toggle(picture("d"));
    print([meanwhile, seeds(open_memory().store.get().favourites), warnings.length]);
    """

    assert remember(code) == [["c", "b", "a"], ["d", "c", "b", "a"], 1]


def test_a_full_list_gives_up_none_of_its_favourites_for_a_new_one() -> None:
    """Neither for one nor for a file of many; the reader hears why."""
    code = """
    const { memory, store } = open_memory();
    memory.add(Array.from({ length: 4999 }, (_, n) => picture(String(n))));
    memory.toggle(picture("last"));
    memory.toggle(picture("more"));
    const left = memory.add([picture("0"), picture("x"), picture("y")]);
    const list = seeds(store.get().favourites);
    memory.toggle(picture("last"));
    print([list.length, list[0], list.at(-1), left, warnings, store.get().favourites.length]);
    """
    length, first, last, left, warnings, after = remember(code)

    assert (length, first, last, left, after) == (5000, "last", "4998", 2, 4999)
    assert len(warnings) == 1
    assert "5,000 favourites are kept at most" in warnings[0]


def test_stored_pictures_that_no_service_would_make_are_left_out() -> None:
    """Their addresses could not even be written."""
    bad = [
        {"seed": "\ud800"},
        {"seed": "x" * 129},
        {"seed": str(2**63)},
        {"seed": "-1"},
        {"end": "\ud800"},
        {"t": 2},
        {"t": "0.5"},
    ]
    given = [{"seed": "a", "end": "", "t": 0.5, "model": "m@1", "label": ""} | each for each in bad]
    given.append({"seed": "鍵" * 128, "end": "b", "t": 0.25, "model": "m@1", "label": ""})
    code = """
    lasting.items.set("progan-favourites", given[0]);
    print(seeds(open_memory().store.get().favourites));
    """

    assert remember(code, json.dumps({"version": 1, "pictures": given})) == ["鍵" * 128]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("[104, 105, 13, 10, 7]", [["hi"], 1]),  # a control character is in no text
        ("[0xEF, 0xBB, 0xBF, 97, 13, 98, 13]", [["a", "b"], 0]),
        ("[0xFF, 0xFE, 97, 0, 10, 0, 98, 0]", [["a", "b"], 0]),  # UTF-16
        ("[0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10, 0]", "is no text"),
        ("[97, 10, 0xE9, 10]", "is no text"),  # Latin-1: no seed may be changed silently
        ("[97, 0, 98]", "is no text"),
        ("(8 << 20) + 1", "has more than 8 MB"),
    ],
    ids=["control", "mark", "utf-16", "png", "latin-1", "zero", "large"],
)
def test_a_file_is_read_as_text_or_refused_in_words(content: str, found: Any) -> None:
    """Nothing of another kind of file becomes a favourite."""
    code = f"""
    const {{ readPictures }} = await script("picture-list.js");
    const read = await readPictures(new Blob([new Uint8Array({content})]));
    print(read.fault ?? [seeds(read.pictures), read.skipped]);
    """
    got = remember(code)

    assert got.startswith(found) if isinstance(found, str) else got == found


def test_a_name_of_five_megabytes_does_not_stand_in_each_picture() -> None:
    """A list of them would not fit into any memory."""
    code = """
    const { parsePictures, formatPictures } = await script("picture-list.js");
    const { pictures } = parsePictures(`# model: ${"m".repeat(5e6)}\\n${"a\\nb\\n".repeat(9000)}`);
    print([pictures.length, JSON.stringify(pictures).length < 1e7]);
    """

    assert remember(code) == [18_000, True]


def test_what_another_tab_has_overwritten_unseen_is_written_again() -> None:
    """Tabs are processes of their own: one may write before it sees what the other has written."""
    code = """
    const { memory, store } = open_memory();
    memory.toggle(picture("old"));
    memory.toggle(picture("gone"));
    memory.toggle(picture("gone"));
    memory.toggle(picture("mine"));
    const stale = [picture("theirs"), picture("gone"), picture("old")];
    lasting.items.set("progan-favourites", JSON.stringify({ version: 1, pictures: stale }));
    otherTab("progan-favourites");
    const shown = seeds(open_memory().store.get().favourites);
    memory.replace("favourites", []);
    lasting.items.set("progan-favourites", JSON.stringify({ version: 1, pictures: stale }));
    otherTab("progan-favourites");
    print([shown, seeds(store.get().favourites)]);
    """
    stored, after = remember(code)

    assert sorted(stored) == ["mine", "old", "theirs"]
    assert after == ["theirs", "gone", "old"]  # who forgets all has forgotten what was under way


def test_a_list_of_pictures_is_the_same_after_it_was_text() -> None:
    """Seeds of any text, points between two seeds, models and classes."""
    texts = ["alan", "7", "# not a comment", '"quoted"', " spaces ", "tab\tline\n", "鍵", "a b"]
    code = """
    const { formatPictures, formatFile, parsePictures } = await script("picture-list.js");
    const pictures = JSON.parse(given[0]).map((seed) => picture(seed));
    pictures.push(
      picture("a", { end: "# b", t: 0.125 }),
      picture("c", { model: "n@2", label: "T-shirt/top" }),
      picture("d", { model: "n@2" }),
      picture("e", { model: "m@1", label: "x" }),
    );
    const read = [formatPictures, formatFile].map((format) => parsePictures(format(pictures)));
    print([pictures, read, formatPictures(pictures).split("\\n")]);
    """
    pictures, read, lines = remember(code, json.dumps(texts))

    assert read == [{"pictures": pictures, "skipped": 0, "left": 0}] * 2
    assert lines[:3] == ["# model: m@1", "alan", "7"]


def test_a_list_that_people_wrote_is_read_and_what_is_no_picture_is_counted() -> None:
    """Any line ends, comments, empty lines; a model may be missing."""
    code = """
    const { parsePictures } = await script("picture-list.js");
    const text = "\\uFEFFalan\\r\\n\\r\\n  grace \\r# hello\\n#model:m\\na\\tb\\t0.5\\n"
      + ["a\\tb", "a\\tb\\t2", "a\\tb\\tx", "a\\tb\\t0\\td", "\\tb\\t0.5"].join("\\n")
      + "\\n" + "x".repeat(129);
    print(parsePictures(text));
    """
    seen = remember(code)

    assert [(each["seed"], each["model"]) for each in seen["pictures"]] == [
        ("alan", ""),
        ("grace", ""),
        ("a", "m"),
    ]
    assert seen["skipped"] == 6


def test_a_huge_list_is_bounded() -> None:
    """And what was left out is counted, not lost silently."""
    code = """
    const { parsePictures } = await script("picture-list.js");
    const { pictures, skipped, left } = parsePictures("a\\n".repeat(30_000));
    print([pictures.length, skipped, left]);
    """

    assert remember(code) == [20_000, 0, 10_000]
