"""What is sent to the processes that decode."""

from training.data.payload import DomainPayload, bytes_in


def test_only_encoded_pictures_have_a_size() -> None:
    """In a domain, too: chunks are bounded by these bytes."""
    payloads = ["a path", b"four", 7, DomainPayload(1, b"seven!!"), DomainPayload(0, "a path")]

    assert [bytes_in(payload) for payload in payloads] == [0, 4, 0, 7, 0]
