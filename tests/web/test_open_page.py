"""The whole page at work on a service: its models change, requests fail, the reader goes back."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import httpx2
import pytest

from models.card import Card
from service.settings import Settings
from tests.service import painter
from tests.service.painter import Painter
from tests.web.browser import run_script, served

# What scripts of these tests use: bundles that the service finds, and the page's view of them.
BUNDLES: Final = """
const { mkdirSync, writeFileSync, rmSync } = await import("node:fs");
const [host, bundles] = given;
const put = (folder, card) => {
  mkdirSync(`${bundles}/${folder}`, { recursive: true });
  writeFileSync(`${bundles}/${folder}/card.json`, card);
};
const drop = (folder) => rmSync(`${bundles}/${folder}`, { recursive: true });
const text = (id) => find(id).textContent;
const look = () => page.dispatchEvent(new Event("visibilitychange"));
const notice = async (word) => {
  while (!text("notice-text").includes(word)) {
    look();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return text("notice-text");
};
const status = async (address) => (await fetch(`${host}/${address}`, {})).status;
const untilStatus = async (address, wanted) => {
  while (await status(address) !== wanted) await new Promise((resolve) => setTimeout(resolve, 50));
};
const images = () =>
  sent.map(([address]) => address).filter((address) => address.startsWith("images/"));
"""


card_named: Final = painter.card_named


def card_of_version(text: str) -> Card:
    """The card of `name version`, with a digest of both."""
    name = text.split()[0]
    return replace(card_named(name), weights_sha256=sha256(text.encode()).hexdigest())


@pytest.fixture
def folder(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of bundles with the model `first`, whose cards may be of any version."""
    monkeypatch.setattr(painter, "card_named", card_of_version)
    (bundles,) = settings.bundles
    (bundles / "first").mkdir(parents=True)
    (bundles / "first" / "card.json").write_text("first")
    return bundles


@pytest.fixture
def host(settings: Settings, folder: Path) -> Iterator[str]:
    """The address of a service that follows `folder`, and soon forgets what was replaced."""
    quick = settings.model_copy(update={"bundles_poll_s": 0.05, "retired_model_s": 1})
    with served(quick, Painter(card_of_version("first"))) as address:
        yield address


def open_page(code: str, host: str, folder: Path) -> Any:
    """What `code` prints."""
    return run_script(BUNDLES + code, host, str(folder))


def test_a_model_that_is_added_is_told_and_can_be_tried(host: str, folder: Path) -> None:
    """Without a reload; the picture on screen stays until the reader wants another."""
    code = """
    await open(host);
    const before = find("picture").src;
    put("second", "second");
    const told = await notice("New here");
    const stays = find("picture").src === before;
    const choices = find("model").children.map((option) => option.textContent);
    find("notice-action").click();
    await until(() => find("picture").src !== before && isDone());
    print({ told, stays, choices, model: find("model").value, last: images().at(-1) });
    """
    seen = open_page(code, host, folder)

    assert seen["told"] == "New here: “Second”."
    assert (seen["stays"], seen["choices"], seen["model"]) == (True, ["First", "Second"], "second")
    assert seen["last"].startswith("images/alan?model=second@")


def test_a_replaced_model_leaves_the_picture_and_offers_the_new_one(
    host: str, folder: Path
) -> None:
    """Two versions of one name: the notice says what stays and what will be different."""
    code = """
    await open(host);
    const before = find("picture").src;
    put("first", "first anew");
    const told = await notice("replaced");
    const stays = find("picture").src === before;
    find("notice-action").click();
    await until(() => find("picture").src !== before && isDone());
    print({ told, stays, first: images()[0], last: images().at(-1), error: find("error").hidden });
    """
    seen = open_page(code, host, folder)

    assert seen["told"].startswith("“First” has been replaced by a new version. What is on screen")
    assert seen["stays"]
    assert card_of_version("first").pinned_name in seen["first"]
    assert card_of_version("first anew").pinned_name in seen["last"]
    assert seen["error"]


def test_a_name_typed_after_an_unnoticed_replacement_is_painted_by_the_new_version(
    host: str, folder: Path
) -> None:
    """The old one answers 404; the page looks at the models, and says what it did."""
    code = """
    await open(host);
    const old = images()[0];
    put("first", "first anew");
    await untilStatus(old, 404);
    paint("ripley");
    await until(() => text("caption").startsWith("ripley") && isDone());
    print({ told: text("notice-text"), error: find("error").hidden, last: images().at(-1) });
    """
    seen = open_page(code, host, folder)

    assert seen["told"] == "“First” has been replaced: this is painted by its new version."
    assert seen["error"]
    assert card_of_version("first anew").pinned_name in seen["last"]


def test_a_removed_model_leaves_the_picture_and_the_next_name_has_another_model(
    host: str, folder: Path
) -> None:
    """Both are said, and the choice shows that the model is no longer offered."""
    code = """
    put("second", "second");
    await untilStatus("images/1?model=second", 200);
    await open(host, "#seed=ripley&model=first");
    const before = find("picture").src;
    drop("first");
    const told = await notice("no longer");
    const choices = find("model").children.map((option) => option.textContent);
    const stays = find("picture").src === before;
    paint("ash");
    await until(() => text("caption").startsWith("ash") && isDone());
    print({ told, stays, choices, then: text("notice-text"), model: find("model").value });
    """
    seen = open_page(code, host, folder)

    assert seen["told"].startswith("“First” is no longer offered. What is on screen stays;")
    assert (seen["stays"], seen["model"]) == (True, "second")
    assert seen["choices"] == ["Second", "First (no longer offered)"]
    assert seen["then"] == "“First” is not offered here. This is painted by “Second”."


def test_a_page_that_nobody_looks_at_asks_nothing(host: str, folder: Path) -> None:
    """Only when it comes to the front again."""
    code = """
    await open(host);
    const asked = () => sent.filter(([address]) => address === "models").length;
    const counts = [asked()];
    page.hidden = true;
    look();
    counts.push(asked());
    page.hidden = false;
    look();
    look();
    counts.push(asked());
    print(counts);
    """

    assert open_page(code, host, folder) == [1, 1, 2]


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        ("new Response('{}', { status: 429, ...soon })", "status 429"),
        ('new Response(\'{"detail": "draining"}\', { status: 503 })', "Draining."),
        ("new Response('<html>', { status: 502, ...soon })", "status 502"),
        ("Promise.reject(new TypeError('offline'))", "does not answer"),
        (
            "new Response(new ReadableStream({ start: (body) => body.error(new TypeError()) }))",
            "does not answer",
        ),
    ],
)
def test_a_service_that_is_busy_or_away_is_waited_for(
    host: str, folder: Path, failure: str, reason: str
) -> None:
    """The picture on screen stays, the page says why it waits, and then paints."""
    code = """
    await open(host);
    const before = find("picture").src;
    const soon = { headers: { "Retry-After": "1" } };
    let failures = 1;
    service.answer = (address) =>
      address.startsWith("images/ripley") && failures-- > 0 ? FAILURE : null;
    paint("ripley");
    await until(() => text("status").includes("Trying again"));
    const told = text("status");
    const stays = find("picture").src === before && !find("picture").hidden;
    await until(() => text("caption").startsWith("ripley") && isDone());
    print({ told, stays, error: find("error").hidden });
    """
    seen = open_page(code.replace("FAILURE", failure), host, folder)

    assert reason in seen["told"]
    assert (seen["stays"], seen["error"]) == (True, True)


def test_the_time_that_the_service_asks_for_is_waited_out() -> None:
    """In full, however long; without one, attempts become rarer."""
    code = """
    const { request } = await script("api.js");
    const [waits, timers] = [[], []];
    globalThis.setTimeout = (resolve, milliseconds) => {
      timers.push(milliseconds / 1000);
      queueMicrotask(resolve);
    };
    const answers = [{ "Retry-After": "40" }, { "Retry-After": "3600" }, {}, {}, {}];
    service.answer = () => Promise.resolve(answers.length
      ? new Response("{}", { status: 503, headers: answers.shift() }) : new Response("fine"));
    await request("images/7", signal, (reason) => waits.push(reason.split("again ")[1]));
    print([timers, waits]);
    """
    timers, waits = run_script(code)

    assert timers == [40, 3600, 8, 15, 15]
    assert waits == ["in 40 s.", "in 60 minutes.", "in 8 s.", "in 15 s.", "in 15 s."]


def test_each_link_is_what_its_words_say(host: str, folder: Path) -> None:
    """After a replacement one has gone, one shows the new picture, and one opens the page."""
    code = """
    await open(host, "#seed=ripley&resolution=16");
    for (const kind of ["pinned", "newest", "page"]) find(`copy-${kind}`).click();
    await until(() => copied.length === 3);
    const inside = copied.map((link) => link.replace("http://page.test/", ""));
    const newest = async () => (await fetch(`${host}/${inside[1]}`, {})).headers.get("X-Model");
    const before = [await status(inside[0]), await newest()];
    put("first", "first anew");
    await untilStatus(inside[0], 404);
    print({ inside, before, after: await newest(), command: text("curl") });
    """
    seen = open_page(code, host, folder)
    pinned, newest, page = seen["inside"]
    first, anew = (card_of_version(text).pinned_name for text in ("first", "first anew"))

    assert pinned == f"images/ripley?model={first}&resolution=16&format=png"
    assert newest == "images/ripley?model=first&resolution=16&format=png"
    assert page == "#seed=ripley&model=first&resolution=16"
    assert (seen["before"], seen["after"]) == ([200, first], anew)
    assert seen["command"] == f"curl -o ripley.png 'http://page.test/{newest}'"


def test_a_typed_seed_is_trimmed_and_keeps_its_capitals() -> None:
    """And accents have one form, however a keyboard writes them."""
    seeds = {
        "alan ": "alan",
        "\u3000 Alan\t": "Alan",
        "\u200balan\ufeff": "alan",
        "Zoe\u0301": "Zo\u00e9",
        "a  b": "a  b",
        "0x10": "0x10",
        "half \ud83d": "half \ufffd",
    }
    code = "print(JSON.parse(given[0]).map((await script('state.js')).cleanSeed));"

    assert run_script(code, json.dumps(list(seeds))) == list(seeds.values())


def test_the_page_paints_what_it_shows_in_the_field(host: str, folder: Path) -> None:
    """Spaces at the ends are gone from both; nothing but spaces paints nothing."""
    code = """
    await open(host);
    paint("  Alan\u200b ");
    await until(() => text("caption").startsWith("Alan") && isDone());
    const count = sent.length;
    paint("   ");
    print({ field: find("seed").value, last: images().at(-1), none: sent.length === count });
    """
    seen = open_page(code, host, folder)

    assert unquote(seen["last"]).startswith("images/Alan?")
    assert seen["none"]


def test_back_and_forward_go_through_pictures_and_walls(host: str, folder: Path) -> None:
    """Neither a surprise nor a new deal loses what was there."""
    code = """
    await open(host);
    const settle = async () => {
      await until(() => text("caption").startsWith(find("seed").value) && isDone());
      return [find("seed").value, text("gallery")];
    };
    const states = [await settle()];
    for (const id of ["surprise", "shuffle", "surprise"]) {
      find(id).click();
      states.push(await settle());
    }
    const back = [];
    for (let step = 0; step < 3; step++) {
      travel(-1);
      back.unshift(await settle());
    }
    travel(3);
    const again = await settle();
    print({ states, back, again, title: page.title });
    """
    seen = open_page(code, host, folder)

    assert len({str(state) for state in seen["states"]}) == 4
    assert seen["back"] == seen["states"][:3]
    assert seen["again"] == seen["states"][3]
    assert seen["title"] == f"{seen['again'][0]} – Progan"


def test_a_picture_of_the_wall_is_shown_without_a_jump(host: str, folder: Path) -> None:
    """Where the large picture is off the screen, a notice leads to it."""
    code = """
    await open(host);
    const tile = find("gallery").querySelectorAll(".tile")[3];
    find("stage").bottom = 500;
    tile.click();
    const beside = text("notice-text");
    await until(() => text("caption").startsWith("hedy") && isDone());
    find("stage").bottom = -300;
    tile.click();
    const above = text("notice-text");
    const jumped = find("stage").scrolled ?? false;
    find("notice-action").click();
    const current = tile.attributes["aria-current"];
    print({ beside, above, jumped, then: find("stage").scrolled, current });
    """
    seen = open_page(code, host, folder)

    assert seen == {
        "beside": "",
        "above": "“hedy” is now the large picture above.",
        "jumped": False,
        "then": True,
        "current": "true",
    }


def test_a_wall_is_one_request_and_each_picture_is_that_of_its_name(
    host: str, folder: Path
) -> None:
    """Twelve pictures, the same bytes as one by one."""
    code = """
    await open(host);
    const walls = sent.filter(([address]) => address.startsWith("generate"));
    const files = find("gallery").querySelectorAll("img").map((image) => fileAt(image.src));
    const bytes = async (blob) => Buffer.from(await blob.arrayBuffer()).toString("base64");
    const methods = walls.map(([, , method]) => method);
    print({ methods, files: await Promise.all(files.map(bytes)) });
    """
    seen = open_page(code, host, folder)
    single = httpx2.get(f"{host}/images/grace?resolution=32").content

    assert seen["methods"] == ["POST"]
    assert len(seen["files"]) == 12
    assert base64.b64decode(seen["files"][1]) == single


def test_a_wall_is_taken_away_as_zip_and_as_sheet(host: str, folder: Path) -> None:
    """Both with the pictures on screen."""
    code = """
    await open(host);
    find("gallery-zip").click();
    await until(() => saved.length === 1);
    find("gallery-sheet").click();
    await until(() => saved.length === 2);
    print(saved);
    """

    assert open_page(code, host, folder) == [
        ["first-12.zip", "application/zip"],
        ["first-12.png", "image/png"],
    ]


def test_a_link_to_a_page_opens_it_and_says_what_is_not_there(host: str, folder: Path) -> None:
    """A model that was removed, and a resolution that it alone had."""
    code = """
    await open(host, "#seed=ripley&model=nobody&resolution=512");
    print({ caption: text("caption"), told: text("notice-text"), error: find("error").hidden });
    """
    seen = open_page(code, host, folder)

    assert seen["caption"].startswith("ripley is seed")
    assert "32 × 32 pixels" in seen["caption"]
    assert seen["told"] == "“nobody” is not offered here. This is painted by “First”."
    assert seen["error"]


def test_a_card_is_four_figures_in_words_and_a_promise_with_its_terms(
    host: str, folder: Path
) -> None:
    """Each figure says which direction is good; a model without numbers shows none."""
    code = """
    await open(host);
    const { figuresOf, promiseOf } = await script("card.js");
    const quality = {
      recall: { value: 0.5 },
      precision: { value: 0.25 },
      neighbour_ratio: { value: 1.5 },
      ms_ssim: { value: 0.3 },
      fd_efficientnet_lite0: { value: 99 },
    };
    const engine = { exact: false, golden: { tried: 9, equal: 5 } };
    print({
      figures: figuresOf(quality),
      none: find("card-quality").hidden,
      promise: text("card-promise"),
      other: promiseOf({ digest: "0123456789abcdef", platform: "cpu, AVX2", engine }),
    });
    """
    seen = open_page(code, host, folder)
    mode = painter.MODE

    assert [figure[0] for figure in seen["figures"]] == [
        "Sameness",
        "Distance",
        "Precision",
        "Originality",
    ]
    assert [figure[1] for figure in seen["figures"]] == ["0.3", "99", "25 %", "1.5"]
    assert all(any(w in f[2] for w in ("lower", "higher", "near")) for f in seen["figures"])
    assert seen["none"]
    assert f"here: {mode.platform}." in seen["promise"]
    assert "whatever else is painted" in seen["promise"]
    assert "roundings" in seen["other"]
    assert "Of 9 pictures kept from when the model was made, 5 come out here" in seen["other"]
