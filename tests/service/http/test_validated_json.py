"""JSON that clients poll: bytes, validator, and nothing for who has it."""

from __future__ import annotations

import pytest
from pydantic import BaseModel
from starlette.requests import Request

from service.http.validated_json import LatestAnswer, json_answer, validated_json


class Answer(BaseModel):
    """A small answer."""

    name: str


def request(known: str | None = None) -> Request:
    """A request of a client that may have an answer."""
    headers = [(b"if-none-match", known.encode())] if known else []
    return Request({"type": "http", "headers": headers})


@pytest.mark.parametrize(("public", "kept"), [(True, "public"), (False, "private")])
def test_an_answer_is_kept_and_validated_each_time(public: bool, kept: str) -> None:
    """Its validator is strong: equal bytes."""
    first = validated_json(request(), json_answer(Answer(name="é")), public=public)
    etag = first.headers["etag"]
    again = validated_json(request(f'"x", W/{etag}'), json_answer(Answer(name="é")), public=public)
    other = validated_json(request(etag), json_answer(Answer(name="e")), public=public)

    assert (first.status_code, first.body) == (200, '{"name":"é"}'.encode())
    assert first.headers["content-type"] == "application/json"
    assert etag.startswith('"')
    assert (again.status_code, again.body, again.headers["etag"]) == (304, b"", etag)
    assert (other.status_code, other.body) == (200, b'{"name":"e"}')
    for answer in (first, again, other):
        assert answer.headers["cache-control"] == f"{kept}, no-cache"


def test_an_answer_is_written_once_for_each_source() -> None:
    """However often it is polled; an equal source is another one."""
    latest, first, equal = LatestAnswer(), ["a"], ["a"]
    written: list[str] = []

    def write() -> Answer:
        written.append("")
        return Answer(name=f"{len(written)}")

    contents = [latest.of(source, write).content for source in (first, first, equal, equal, first)]

    assert contents == [b'{"name":"%d"}' % n for n in (1, 1, 2, 2, 3)]
