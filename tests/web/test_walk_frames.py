"""The frames of a walk on the page are those of the service, and stops keep their order."""

from __future__ import annotations

import json
from itertools import product
from typing import Any, Final

import pytest

from models.latent import parse_seed
from service.batching.recipe import Method, Point, frames_of_walk, walk
from tests.web.browser import run_script

MODULE: Final = 'const walks = await script("walk-frames.js");\n'


def run(code: str, *given: str) -> Any:
    """What `code` prints; it sees `walks`."""
    return run_script(MODULE + code, *given)


@pytest.mark.parametrize("steps", [1, 7, 24])
def test_every_frame_is_the_point_that_the_service_paints(steps: int) -> None:
    """To the last bit of `t`, with and without a loop, with two stops and with sixteen."""
    cases = [
        ([f"s{n}" for n in range(stops)], loop)
        for stops, loop in product((2, 3, 16), (False, True))
    ]
    code = """
    const [cases, steps] = JSON.parse(given[0]);
    print(cases.map(([stops, loop]) => ({ stops, steps, loop })).map((walk) =>
      Array.from({ length: walks.framesOf(walk) }, (_, frame) => walks.pointOfFrame(walk, frame))
        .map(({ seed, end, t }) => [seed, end, t])));
    """
    answers = run(code, json.dumps([cases, steps]))
    for (stops, loop), frames in zip(cases, answers, strict=True):
        seeds = [parse_seed(text) for text in stops]
        points = walk(seeds, steps, loop=loop, method=Method.SLERP)

        assert len(frames) == frames_of_walk(len(seeds), steps, loop=loop)
        assert [as_point(*frame) for frame in frames] == points


def as_point(seed: str, end: str, t: float) -> Point:
    """The point of an address with these fields."""
    start = parse_seed(seed)
    return Point(start, parse_seed(end), t) if end else Point(start, start, 0.0)


def test_the_frame_after_the_last_is_the_first_of_a_loop_and_none_else() -> None:
    """The player asks no more than that."""
    code = """
    const at = (frame, loop) => walks.nextFrame({ stops: ["a", "b"], steps: 2, loop, frame });
    const ends = [at(0, false), at(1, false), at(2, false), at(99, false)];
    print([...ends, at(2, true), at(3, true)]);
    """

    assert run(code) == [1, 2, None, None, 3, 0]


def test_a_walk_of_one_stop_is_a_picture() -> None:
    """As an address may name it; nothing fails."""
    code = """
    const one = { stops: ["a"], steps: 24, loop: true, frame: 7 };
    const { framesOf, pointOfFrame, nextFrame, stopAtFrame } = walks;
    print([framesOf(one), pointOfFrame(one, 7), nextFrame(one), stopAtFrame(one)]);
    """

    assert run(code) == [1, {"seed": "a", "end": "", "t": 0.5}, None, 0]


def test_stops_are_moved_added_and_bounded() -> None:
    """The last one is not repeated; more than sixteen do not fit."""
    code = """
    const { withMoved, withAdded } = walks;
    const stops = ["a", "b", "c", "d"];
    const full = Array(16).fill("x");
    print([withMoved(stops, 0, 2), withMoved(stops, 3, 0), withMoved(stops, 1, 1), stops,
      withAdded(stops, ["d"]), withAdded(stops, ["d", "e"]), withAdded(full, ["e"]).length]);
    """

    assert run(code) == [
        ["b", "c", "a", "d"],
        ["d", "a", "b", "c"],
        ["a", "b", "c", "d"],
        ["a", "b", "c", "d"],
        ["a", "b", "c", "d"],
        ["a", "b", "c", "d", "e"],
        16,
    ]


def test_another_pace_keeps_the_place() -> None:
    """The frame that shows the same point, or the one next to it."""
    code = """
    const walk = { frame: 36, steps: 24 };
    print([walks.withPace(walk, 48), walks.withPace(walk, 12)]);
    """

    assert run(code) == [{"steps": 48, "frame": 72}, {"steps": 12, "frame": 18}]
