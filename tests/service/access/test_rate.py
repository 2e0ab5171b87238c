"""How often: per key, else per address, in bounded memory. No test waits for a window to end."""

from __future__ import annotations

import pytest

from service.access.keys import digest_of
from service.access.rate import ADDRESS_WINDOWS, RateLimit, network_of
from service.errors import RateExceeded
from service.settings import Settings
from tests.service.painter import Painter, service_with

HERE = "192.0.2.1"


def test_a_client_has_as_many_requests_as_its_window_holds() -> None:
    """Then it is told when the window ends: it began with the first of them."""
    rate = RateLimit("3/day")
    for _ in range(3):
        rate.take(None, HERE)
    with pytest.raises(RateExceeded, match="3 per 1 day") as refused:
        rate.take(None, HERE)

    assert refused.value.retry_after_s is not None
    assert 86_000 < refused.value.retry_after_s <= 86_400


def test_of_several_rates_each_holds() -> None:
    """The shorter one is spent first, here."""
    rate = RateLimit("2/hour; 1000/day")
    rate.take(None, HERE)
    rate.take(None, HERE)
    with pytest.raises(RateExceeded) as refused:
        rate.take(None, HERE)

    assert refused.value.members["allowed"] == "2 per 1 hour"


def test_a_request_that_one_rate_refuses_uses_up_none_of_the_others() -> None:
    """In whichever order they are written."""
    for rates in ("1/hour; 3/day", "3/day; 1/hour"):
        rate = RateLimit(rates)
        rate.take(None, HERE)
        for _ in range(5):
            with pytest.raises(RateExceeded, match="1 per 1 hour"):
                rate.take(None, HERE)
        day = next(each for each in rate._rates if each.amount == 3)
        who = rate._window_of(HERE)
        assert rate._windows.get_window_stats(day, who).remaining == 2


def test_the_time_to_wait_is_that_of_the_last_window_that_is_full() -> None:
    """Sooner, the request would be refused again."""
    rate = RateLimit("1/hour; 1/day")
    rate.take(None, HERE)
    with pytest.raises(RateExceeded, match="1 per 1 hour and 1 per 1 day") as refused:
        rate.take(None, HERE)

    assert refused.value.retry_after_s is not None
    assert refused.value.retry_after_s > 3600


def test_clients_with_keys_do_not_share_what_their_address_has() -> None:
    """Neither with each other nor with those who have none."""
    rate = RateLimit("1/day")
    rate.take(None, HERE)
    rate.take(digest_of("ada"), HERE)
    rate.take(digest_of("bob"), HERE)
    with pytest.raises(RateExceeded):
        rate.take(digest_of("ada"), "198.51.100.1")


def test_many_addresses_take_no_more_memory_than_there_are_windows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They share; only a secret says which with which."""
    monkeypatch.setattr("service.access.rate.ADDRESS_WINDOWS", 8)
    rate = RateLimit("1000/day")
    for n in range(200):
        rate.take(None, f"192.0.2.{n}")

    assert ADDRESS_WINDOWS == 2**14
    assert len(rate._storage.storage) == 8
    assert RateLimit("1/day")._secret != rate._secret


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("a name", "another", False),
    ],
)
def test_what_one_client_can_change_at_will_does_not_count(
    one: str, other: str, same: bool
) -> None:
    """Whoever has an IPv6 address has 2^64 of them."""
    assert (network_of(one) == network_of(other)) == same


def test_too_many_requests_are_refused_and_counted(settings: Settings, painter: Painter) -> None:
    """By every route with pictures together; health and metrics go on."""
    with service_with(painter, settings.model_copy(update={"rate_limit": "2/day"})) as client:
        assert client.get("/images/1").status_code == 200
        assert client.get("/models").status_code == 200
        refused = client.post("/generate?seed=3")
        told = client.get("/metrics").text
        assert client.get("/").status_code == 200

    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert int(refused.headers["retry-after"]) == refused.json()["retry_after_s"] > 80_000
    assert 'progan_refused_total{reason="rate_limit"} 1.0' in told
    assert painter.seeds == [1]


def test_guessing_keys_is_limited_and_takes_nothing_from_those_who_have_one(
    settings: Settings, painter: Painter
) -> None:
    """A wrong key counts for its address."""
    guarded = {"rate_limit": "2/day", "api_keys": (digest_of("ada"),)}
    with service_with(painter, settings.model_copy(update=guarded)) as client:
        guesses = [client.get("/models", headers={"X-API-Key": f"{n}"}) for n in range(3)]
        good = client.get("/models", headers={"X-API-Key": "ada"})

    assert [guess.status_code for guess in guesses] == [401, 401, 429]
    assert good.status_code == 200


def test_a_rate_counts_amounts_and_is_asked_beforehand() -> None:
    """What is only asked for does not count; what has happened counts in any case."""
    rate = RateLimit("10/day; 25/day", "pictures")
    rate.require(None, HERE, 10)
    rate.count(None, HERE, 7)
    rate.require(None, HERE, 3)
    with pytest.raises(RateExceeded, match="more pictures than 10 per 1 day"):
        rate.require(None, HERE, 4)
    rate.count(None, HERE, 5)
    with pytest.raises(RateExceeded):
        rate.require(None, HERE, 1)
    rate.require(digest_of("sesame"), HERE, 10)

    assert rate.most == 10
