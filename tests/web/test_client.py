"""The client of the page: keys, pauses, answers that break off, errors in words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from service.access.keys import digest_of
from service.settings import Settings
from tests.web.browser import run_script, served
from tests.web.client_script import CLIENT, KEY


@pytest.fixture
def guarded(settings: Settings) -> Iterator[str]:
    """The address of a service on a port, which asks for `KEY`."""
    with served(settings.model_copy(update={"api_keys": (digest_of(KEY),)})) as address:
        yield address


def test_a_request_waits_for_a_key_and_goes_on_with_the_one_that_opens(guarded: str) -> None:
    """The reader is told when one is refused; no address ever holds one."""
    code = """
    const [host, typed] = given;
    const asked = [];
    const keys = ["wrong", typed];
    const { client, key } = await clientThatAsks((refused) => {
      asked.push(refused);
      setTimeout(() => key.set(keys.shift()));
    });
    const cards = await (await client.request(`${host}/models`, { signal })).json();
    const picture = await client.request(`${host}/images/7`, { signal });
    const seed = picture.headers.get("X-Seed");
    print({ asked, sent, kept: [...stored.values()], model: cards.default, seed });
    """
    seen = run_script(CLIENT + code, guarded, KEY)

    assert seen["asked"] == [False, True]
    assert (seen["model"], seen["seed"]) == ("painter-32", "7")
    assert seen["kept"] == [KEY]
    assert [headers for _, headers, _ in seen["sent"]] == [
        {},
        {"X-API-Key": "wrong"},
        {"X-API-Key": KEY},
        {"X-API-Key": KEY},
    ]
    assert [address for address, *_ in seen["sent"] if "wrong" in address or KEY in address] == []


def test_a_key_that_came_while_a_request_was_under_way_is_sent_at_once(guarded: str) -> None:
    """The reader is not asked again."""
    code = """
    const [host, typed] = given;
    const asked = [];
    const { client, key } = await clientThatAsks((refused) => asked.push(refused));
    const answer = client.request(`${host}/models`, { signal });
    await tick();
    key.set(typed);
    print({ asked, status: (await answer).status, sent: sent.length });
    """

    assert run_script(CLIENT + code, guarded, KEY) == {"asked": [], "status": 200, "sent": 2}


def test_a_kept_key_is_sent_from_the_beginning(guarded: str) -> None:
    """As after the page was loaded again in the same tab."""
    code = """
    stored.set("progan-key", given[1]);
    const { client } = await clientThatAsks(ignore);
    const answer = client.request(`${given[0]}/models`, { signal });
    print({ status: (await answer).status, sent: sent.length });
    """

    assert run_script(CLIENT + code, guarded, KEY) == {"status": 200, "sent": 1}


def test_who_goes_elsewhere_no_longer_waits_for_a_key(guarded: str) -> None:
    """A picture that is not wanted any more is not fetched when the key has come."""
    code = """
    const gone = new AbortController();
    const { client, key } = await clientThatAsks(() => gone.abort());
    const answer = client.request(`${given[0]}/models`, { signal: gone.signal });
    const name = await answer.catch((error) => error.name);
    key.set(given[1]);
    await tick();
    print({ name, sent: sent.length });
    """

    assert run_script(CLIENT + code, guarded, KEY) == {"name": "AbortError", "sent": 1}


def test_a_key_that_no_header_holds_is_not_taken() -> None:
    """Else every request would fail as if the service were not there."""
    code = """
    const { key } = await clientThatAsks(ignore);
    let name = "";
    try { key.set("鍵"); } catch (error) { name = error.name; }
    print({ name, has: key.isGiven(), headers: key.headers(), kept: stored.size });
    """
    seen = run_script(CLIENT + code)

    assert seen == {"name": "TypeError", "has": False, "headers": {}, "kept": 0}


def test_the_time_that_the_service_asks_for_is_waited_out() -> None:
    """In full, however long; without one, attempts become rarer. The reason is a visitor's."""
    code = """
    const [waits, timers] = [[], []];
    let now = 0;
    performance.now = () => now;
    globalThis.setTimeout = (resolve, milliseconds) => {
      timers.push(milliseconds / 1000);
      now += milliseconds;
      queueMicrotask(resolve);
    };
    const problem = (kind) =>
      JSON.stringify({ type: `urn:problem-type:progan:${kind}`, detail: "internals" });
    const answers = [
      [429, "rate-exceeded", { "Retry-After": "40" }],
      [503, "draining", { "Retry-After": "3600" }],
      [503, "queue-full", {}],
      [503, "engine-silent", {}],
      [502, "", {}],
    ];
    service.answer = () => {
      const [status, kind, headers] = answers.shift() ?? [200, "", {}];
      return Promise.resolve(new Response(problem(kind), { status, headers }));
    };
    const { client } = await clientThatAsks(ignore, (words) => waits.push(words));
    await client.request("images/7", { signal });
    print([timers, waits.filter(Boolean), waits.at(-1)]);
    """
    timers, waits, last = run_script(CLIENT + code)

    assert timers == [40, 3600, 8, 15, 15]
    assert waits == [
        "That was a lot of pictures in a short time. Going on in 40 s.",
        "The service is being restarted. Going on in 60 minutes.",
        "Many pictures are being generated just now. Going on in 8 s.",
        "The service is busy. Going on in 15 s.",
        "The service does not answer. Going on in 15 s.",
    ]
    assert last == ""


def test_all_requests_pause_together_and_only_as_long_as_somebody_waits() -> None:
    """What is asked meanwhile is sent at its end; who goes elsewhere ends the words."""
    code = """
    const words = [];
    let refused = 1;
    const refusal = () => new Response("{}", { status: 429, headers: { "Retry-After": "1" } });
    service.answer = () => Promise.resolve(refused-- > 0 ? refusal() : new Response("fine"));
    const { client } = await clientThatAsks(ignore, (text) => words.push(text));
    const gone = new AbortController();
    const first = client.request("one", { signal: gone.signal }).catch((error) => error.name);
    await until(() => words.length === 1);
    const second = client.request("two", { signal });
    await tick();
    const during = sent.length;
    gone.abort();
    const names = [await first, (await second).status];
    print({ during, names, sent: sent.map(([address]) => address), last: words.at(-1) });
    """

    assert run_script(CLIENT + code) == {
        "during": 1,
        "names": ["AbortError", 200],
        "sent": ["one", "two"],
        "last": "",
    }


def test_an_error_is_a_sentence_for_the_reader() -> None:
    """In the service's words, where it has some."""
    code = """
    const answers = [['{"detail": "seed: too long"}', 422], ["<html>", 500]];
    service.answer = () => {
      const [body, status] = answers.shift();
      return Promise.resolve(new Response(body, { status }));
    };
    const { client } = await clientThatAsks(ignore);
    const failed = () => client.request("images/7", { signal })
      .catch(({ message, isGone }) => [message, isGone]);
    print([await failed(), await failed()]);
    """

    assert run_script(CLIENT + code) == [
        ["Seed: too long.", False],
        ["The service answered with status 500.", False],
    ]


def test_an_answer_that_breaks_off_is_asked_for_again() -> None:
    """Half a picture is no picture."""
    code = """
    const broken = new ReadableStream({ start: (body) => body.error(new TypeError()) });
    const answers = [new Response(broken), new Response("whole")];
    service.answer = () => Promise.resolve(answers.shift());
    globalThis.setTimeout = (resolve) => queueMicrotask(resolve);
    let now = 0;
    performance.now = () => now += 1000;
    const words = [];
    const { client } = await clientThatAsks(ignore, (text) => words.push(text));
    const response = await client.request("images/7", { signal });
    print([await response.text(), words[0]]);
    """

    assert run_script(CLIENT + code) == ["whole", "The service does not answer. Going on in 2 s."]
