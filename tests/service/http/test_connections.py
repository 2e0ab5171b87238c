"""Bounds on connections: who gives way, who may still ask, and how many there are."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.http.connections import (
    SENDING_S,
    ConnectionLimits,
    ConnectionTable,
    connection_limits,
    limits_of_this_process,
)


class Client:
    """A connection that notes what becomes of it."""

    def __init__(self) -> None:
        self.expires_at = math.inf
        self.is_closed = False

    def expire(self, now: float) -> None:
        """End when the time is over."""
        assert now >= self.expires_at
        self.is_closed = True

    def give_way(self) -> None:
        """End."""
        self.is_closed = True


def test_the_one_that_waited_longest_gives_way() -> None:
    """Not one whose request is being answered, however old it is."""
    table = ConnectionTable(ConnectionLimits(3, 2))
    busy, idle, answered, new, newer = (Client() for _ in range(5))
    for client in (busy, idle, answered):
        assert table.add(client, 0.0)
    table.at_work(busy)
    table.at_work(answered)
    table.waits(answered, 1.0)

    assert table.add(new, SENDING_S)
    assert idle.is_closed
    assert not answered.is_closed
    assert table.add(newer, 1.0 + SENDING_S)
    assert answered.is_closed
    assert not busy.is_closed
    assert len(table) == 3


def test_a_connection_has_time_to_send_its_request() -> None:
    """Others take the spare places meanwhile, and ask for the state alone."""
    table = ConnectionTable(ConnectionLimits(2, 2))
    first, second, third, fourth, fifth, sixth = (Client() for _ in range(6))
    allowed = [table.add(client, 0.0) for client in (first, second, third, fourth)]

    assert allowed == [True, True, False, False]
    assert not table.add(fifth, 0.0)
    assert first.is_closed  # there is no place left at all
    assert table.add(sixth, SENDING_S)
    assert [c.is_closed for c in (second, third, fourth, fifth)] == [True, True, True, False]


def test_when_all_are_busy_a_few_may_ask_for_the_state_alone() -> None:
    """And those beyond them are closed at once."""
    table = ConnectionTable(ConnectionLimits(2, 2))
    for client in (busy := [Client(), Client()]):
        assert table.add(client, 0.0)
        table.at_work(client)
    spare = [Client(), Client(), Client(), Client()]
    for client in spare[:2]:
        assert not table.add(client, 9.0)
        table.at_work(client)
    assert not table.add(spare[2], 9.0)

    assert [client.is_closed for client in (*busy, *spare)] == [False] * 4 + [True, False]
    for client in (busy[0], *spare[:2]):
        table.remove(client)
    assert table.add(spare[3], 9.0)


def test_a_closed_connection_does_not_wait_again() -> None:
    """Its answer may be over only after its client has gone."""
    table = ConnectionTable(ConnectionLimits(2, 2))
    client = Client()
    table.add(client, 0.0)
    table.remove(client)
    table.waits(client, 0.0)

    assert len(table) == 0
    assert all(table.add(Client(), 0.0) for _ in range(2))


def test_only_those_whose_time_is_over_are_ended() -> None:
    """All others may wait."""
    table = ConnectionTable(ConnectionLimits(9, 2))
    clients = [Client() for _ in range(3)]
    for number, client in enumerate(clients):
        client.expires_at = number
        table.add(client, 0.0)
    table.expire(1.0)

    assert [client.is_closed for client in clients] == [True, True, False]


@given(st.integers(16, 2**20), st.integers(0, 200))
def test_connections_leave_descriptors_for_the_rest(most: int, open_now: int) -> None:
    """Where there are few, a third of the free ones; both ports share the others."""
    limits = connection_limits(most, open_now)
    pictures, operations = limits.shared()
    free = max(0, most - open_now)

    assert limits.usual >= 2
    assert limits.spare >= 2
    if free >= 16:
        assert limits.usual + limits.spare <= free - min(free // 3, 64)
        shared = (pictures.usual, pictures.spare, operations.usual, operations.spare)
        assert sum(shared) <= limits.usual + limits.spare + 2
    assert operations.usual >= 2


def test_this_process_can_have_many() -> None:
    """As any whose system allows the usual thousand descriptors."""
    resource = pytest.importorskip("resource")
    limits = limits_of_this_process()

    assert limits.usual > 100 or resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 300
