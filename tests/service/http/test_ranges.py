"""Parts of files, and the files that are kept for them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from service.errors import RangeNotSatisfiable
from service.files import File
from service.http.ranges import RECENT_S, RecentFiles, wanted_range

TAG = '"tag"'
LENGTH = 100


def request(value: str, condition: str | None = None, method: str = "GET") -> Request:
    """A request for a part."""
    headers = [(b"range", value.encode())]
    if condition is not None:
        headers.append((b"if-range", condition.encode()))
    return Request({"type": "http", "method": method, "headers": headers})


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("bytes=0-0", (0, 0)),
        ("bytes=0-1", (0, 1)),
        ("bytes=10-", (10, 99)),
        ("bytes=99-", (99, 99)),
        ("bytes=10-9999999", (10, 99)),
        ("bytes=-1", (99, 99)),
        ("bytes=-1000", (0, 99)),
        ("Bytes = 5 - 6", (5, 6)),
    ],
)
def test_a_range_is_first_and_last_byte(value: str, part: tuple[int, int]) -> None:
    """Bounded by the file."""
    assert wanted_range(request(value), TAG, LENGTH) == part


@pytest.mark.parametrize(
    "value",
    ["bytes=-", "bytes=6-5", "bytes=a-b", "lines=0-1", "bytes", "", "bytes=0-1,5-6"]
    + ["bytes=" + ",".join("0-" for _ in range(1000)), "bytes=" + "9" * 5000 + "-"],
)
def test_what_is_no_single_range_gets_the_whole_file(value: str) -> None:
    """As the standard allows: nobody who asks so is worse off than without ranges."""
    assert wanted_range(request(value), TAG, LENGTH) is None


@pytest.mark.parametrize("value", ["bytes=" + " " * 60_000 + "x", "bytes=1" + " " * 60_000 + "x"])
def test_a_long_header_is_read_at_once(value: str) -> None:
    """In fifteen seconds before, in which all other requests waited."""
    began = time.process_time()

    assert wanted_range(request(value), TAG, LENGTH) is None
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize("value", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_behind_the_end_is_refused_with_the_length(value: str) -> None:
    """So that a download that is complete can stop."""
    with pytest.raises(RangeNotSatisfiable) as fault:
        wanted_range(request(value), TAG, LENGTH)

    assert fault.value.headers["Content-Range"] == "bytes */100"


@pytest.mark.parametrize("condition", ['"other"', 'W/"tag"', "Sun, 29 Nov 2026 12:00:00 GMT"])
def test_a_part_of_other_bytes_is_not_given(condition: str) -> None:
    """A download that went on with them would be damaged."""
    assert wanted_range(request("bytes=5-", condition), TAG, LENGTH) is None
    assert wanted_range(request("bytes=5-", TAG), TAG, LENGTH) == (5, 99)


def test_an_answer_with_a_weak_etag_has_no_parts() -> None:
    """Two files with one weak ETag differ in bytes, so their parts fit nowhere."""
    assert wanted_range(request("bytes=0-1"), f"W/{TAG}", LENGTH) is None
    assert wanted_range(request("bytes=0-1", f"W/{TAG}"), f"W/{TAG}", LENGTH) is None


def test_ranges_are_for_get_alone() -> None:
    """Section 14.2."""
    assert wanted_range(request("bytes=5-", method="HEAD"), TAG, LENGTH) is None


@given(st.text(alphabet="bytes=0123456789-, ", max_size=20), st.integers(1, 200))
def test_any_header_is_a_part_of_the_file_or_none(value: str, length: int) -> None:
    """Or it is refused."""
    try:
        part = wanted_range(request(value), TAG, length)
    except RangeNotSatisfiable:
        return
    assert part is None or 0 <= part[0] <= part[1] < length


def file(length: int) -> File:
    """A file of that many bytes."""
    return File(bytes(length), "video/mp4", "")


def test_recent_files_are_bounded_and_the_least_used_goes_first() -> None:
    """By their bytes."""
    recent = RecentFiles(limit=10)
    recent.put("a", file(4))
    recent.put("b", file(4))
    assert recent.get("a") is not None
    recent.put("c", file(4))

    assert recent.get("b") is None
    assert recent.get("a") == recent.get("c") == file(4)


def test_a_file_that_is_larger_than_all_is_not_kept() -> None:
    """And drives nothing out."""
    recent = RecentFiles(limit=10)
    recent.put("a", file(10))
    recent.put("b", file(11))
    recent.put("a", file(10))

    assert recent.get("a") is not None
    assert recent.get("b") is None


def test_a_file_that_nobody_asks_for_any_more_is_removed() -> None:
    """Otherwise walks that nobody repeats fill the store, and a service grows for half an hour."""
    now = [0.0]
    recent = RecentFiles(limit=10, clock=lambda: now[0])
    recent.put("used", file(5))
    recent.put("unused", file(5))
    now[0] = RECENT_S / 2
    assert recent.get("used") is not None
    now[0] = RECENT_S
    recent.put("new", file(5))

    assert recent.get("used") == recent.get("new") == file(5)
    assert recent.get("unused") is None
    now[0] = 2 * RECENT_S
    assert recent.get("used") is None
