"""The sockets: opened, or a sentence that says what to change."""

from __future__ import annotations

import socket

import pytest

from service.http.listening import ListenError, listen, url_of


def test_a_free_port_is_the_same_for_every_address() -> None:
    """Where a name has two, as localhost often has."""
    sockets = listen("localhost", 0, "PROGAN_PORT")
    ports = {opened.getsockname()[1] for opened in sockets}
    for opened in sockets:
        opened.close()

    assert len(ports) == 1


def test_a_port_that_is_taken_is_named_with_the_way_out() -> None:
    """In one sentence, for each of the two ports."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match="is taken.*as in  PORT=9000 make serve") as wrong:
            listen("127.0.0.1", port, "PROGAN_PORT")
        with pytest.raises(ListenError, match="as in  PROGAN_OPERATIONS_PORT=9000 make serve"):
            listen("127.0.0.1", port, "PROGAN_OPERATIONS_PORT")

    assert f"port {port} of 127.0.0.1" in str(wrong.value)
    assert "\n" not in str(wrong.value)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "x" * 300])
def test_an_address_of_others_is_named(host: str) -> None:
    """With the setting of the host."""
    with pytest.raises(ListenError, match="PROGAN_OPERATIONS_HOST: .* is no address of this"):
        listen(host, 0, "PROGAN_OPERATIONS_PORT")


@pytest.mark.parametrize(
    ("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "[::1]")]
)
def test_the_address_that_is_shown_can_be_opened(host: str, shown: str) -> None:
    """On this machine, also where the service listens on all."""
    try:
        sockets = listen(host, 0, "PROGAN_PORT")
    except ListenError:
        pytest.skip("this machine has no IPv6")
    url = url_of(sockets)
    port = sockets[0].getsockname()[1]
    for opened in sockets:
        opened.close()

    assert url == f"http://{shown}:{port}"
