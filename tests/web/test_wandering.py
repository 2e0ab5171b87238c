"""Points between seeds, the pictures around one, and the way back: rules without a page."""

from __future__ import annotations

import json
from typing import Any, Final

from models.latent import MAX_SEED_TEXT, parse_seed
from tests.web.browser import run_script

MODULES: Final = """
const { pointOf, fromNearerEnd, isSamePoint, seedOfWay, wordsOf } = await script("points.js");
const { neighboursOf, trailAfter, crumbOf, textOfCrumb } = await script("wandering.js");
const around = (centre, strength, turn) => {
  const { aside, behind, ahead } = neighboursOf(centre, strength, turn);
  return [...aside, behind, ahead].filter(Boolean);
};
"""


def run(code: str, *given: str) -> Any:
    """What `code` prints; it sees the modules."""
    return run_script(MODULES + code, *given)


def test_a_point_has_one_form() -> None:
    """At the ends of a way, and on a way from a seed to itself, it is a seed."""
    code = """
    print([pointOf("a"), pointOf("a", "b", 0), pointOf("a", "b", 1), pointOf("a", "a", 0.5),
      pointOf("a", "b", -1), pointOf("a", "b", 2), pointOf("a", "b", 0.25)]);
    """
    a, b = ({"seed": name, "end": "", "t": 0.5} for name in "ab")

    assert run(code) == [a, a, b, a, a, b, {"seed": "a", "end": "b", "t": 0.25}]


def test_a_seed_has_eight_neighbours_each_on_its_own_way() -> None:
    """The same ones each time; another turn has others; none is the seed itself."""
    code = """
    const first = around(pointOf("alan"), 0.2, 0);
    print([first, around(pointOf("alan"), 0.2, 0), around(pointOf("alan"), 0.2, 1)]);
    """
    first, again, other = run(code)
    ends = [point["end"] for point in first]

    assert first == again
    assert ends == [f"alan~{way}" for way in range(1, 9)]
    assert {point["seed"] for point in first} == {"alan"}
    assert {point["t"] for point in first} == {0.2}
    assert not {point["end"] for point in other} & set(ends)


def test_a_point_on_a_way_has_a_neighbour_behind_one_ahead_and_six_on_other_ways() -> None:
    """The other ways begin at the nearer seed; each is a step long."""
    code = """
    const [near, far] = [0.4, 0.6].map((t) => neighboursOf(pointOf("a", "b", t), 0.1, 0));
    print([near, far]);
    """
    near, far = run(code)

    assert near["behind"] == {"seed": "a", "end": "b", "t": 0.3}
    assert near["ahead"] == {"seed": "a", "end": "b", "t": 0.5}
    assert [p["end"] for p in near["aside"]] == [f"b~{way}" for way in range(1, 7)]
    assert {(p["seed"], p["t"]) for p in near["aside"]} == {("a", 0.1)}
    assert {p["seed"] for p in far["aside"]} == {"b"}


def test_going_on_reaches_the_seed_ahead_and_going_back_the_one_behind() -> None:
    """A way has an end, whatever the step; there eight new ways begin."""
    code = """
    const steps = [];
    let centre = neighboursOf(pointOf("a"), 0.3, 0).aside[0];
    while (centre.end && steps.length < 20) {
      steps.push(centre.t);
      centre = neighboursOf(centre, 0.3, 0).ahead;
    }
    const { behind } = neighboursOf(pointOf("a", "b", 0.1), 0.3, 0);
    print([steps, centre, behind, around(centre, 0.3, 0).length]);
    """
    steps, last, behind, count = run(code)

    assert steps == [0.3, 0.6, 0.9]
    assert (last["seed"], behind["seed"]) == ("a~1", "a")
    assert count == 8


def test_the_seed_of_a_way_is_a_seed_however_long_the_way_here() -> None:
    """Names grow from seed to seed; one at the limit is shortened, and no seed comes again."""
    code = """
    let seed = given[0];
    const seeds = [];
    for (let hop = 0; hop < 120; hop++) seeds.push(seed = seedOfWay(seed, 1));
    print(seeds);
    """
    for start in ("alan", "鍵" * MAX_SEED_TEXT, "👩🏽‍🚀"):
        seeds = run(code, start)
        assert max(map(len, seeds)) <= MAX_SEED_TEXT
        assert len({parse_seed(seed) for seed in seeds}) == len(seeds)


def test_a_trail_leads_back_and_is_cut_where_the_reader_goes_back() -> None:
    """The oldest crumbs fall off; a text that is no crumb is none."""
    code = """
    const [a, b, c] = [pointOf("a"), pointOf("a", "b", 0.2), pointOf("a", "b", 0.4)];
    const trail = trailAfter(trailAfter([], a, b), b, c);
    let long = [];
    for (let step = 0; step < 30; step++) {
      long = trailAfter(long, pointOf(`${step}`), pointOf(`${step + 1}`));
    }
    const nothing = ["", "{", "[]", "[1]", '["a",2,3]', '["a","b","c"]', "null", '{"seed":"a"}'];
    print({ trail: trail.map(crumbOf), back: trailAfter(trail, c, a),
      some: trailAfter(trail, c, b).map(crumbOf), none: nothing.map(crumbOf),
      long: long.length, oldest: crumbOf(long[0]).seed });
    """
    seen = run(code)

    assert [crumb["t"] for crumb in seen["trail"]] == [0.5, 0.2]
    assert seen["back"] == []
    assert [crumb["seed"] for crumb in seen["some"]] == ["a"]
    assert (seen["long"], seen["oldest"]) == (8, "22")
    assert seen["none"] == [None] * 8


def test_a_crumb_comes_back_from_its_text() -> None:
    """Whatever its seeds are made of."""
    seeds = ["a", '"', "[", "\\", "ä~1", "a,b", "\u2028", "鍵"]
    code = """
    const both = (seed) => [pointOf(seed), pointOf(seed, "b", 1 / 3)];
    const points = JSON.parse(given[0]).flatMap(both);
    print(points.every((point) => isSamePoint(crumbOf(textOfCrumb(point)), point)));
    """

    assert run(code, json.dumps(seeds))


def test_a_point_is_told_in_words() -> None:
    """A seed by its text, another one by the way and the share of it."""
    code = 'print([pointOf("a"), pointOf("a", "b", 0.125), pointOf("a", "b", 1 / 3)].map(wordsOf));'

    assert run(code) == [
        "“a”",
        "12.5 % of the way from “a” to “b”",
        "33.3 % of the way from “a” to “b”",
    ]
