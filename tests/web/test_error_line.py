"""The line that says why something failed: it goes when no picture in view is missing for it."""

from __future__ import annotations

from tests.web.browser import run_script

BEGIN = """
const { createErrorLine } = await script("error-line.js");
const line = { textContent: "", hidden: true };
const { show, clear, settle } = createErrorLine(line);
const [one, other] = [{ isConnected: true }, { isConnected: true }];
const seen = [];
const look = () => seen.push(line.hidden ? "" : line.textContent);
"""


def test_the_line_goes_with_the_last_picture_that_was_missing() -> None:
    """Not with the first, and not with one that never failed."""
    code = """
    show("too late", [one, other]); look();
    settle({ isConnected: true }); look();
    settle(one); look();
    settle(other); look();
    print(seen);
    """

    assert run_script(BEGIN + code) == ["too late", "too late", "too late", ""]


def test_a_missing_picture_that_has_left_the_page_is_not_waited_for() -> None:
    """As in a list whose entries were made anew."""
    code = """
    show("too late", [one]); look();
    one.isConnected = false;
    settle(other); look();
    print(seen);
    """

    assert run_script(BEGIN + code) == ["too late", ""]


def test_an_error_of_no_picture_stays_until_it_is_cleared() -> None:
    """Also where it took the place of the error of a picture."""
    code = """
    show("too late", [one]);
    show("the file is too large"); look();
    settle(one); look();
    clear(); look();
    print(seen);
    """

    assert run_script(BEGIN + code) == ["the file is too large", "the file is too large", ""]
