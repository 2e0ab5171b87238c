"""The look of known styles, and the mending of their blending."""

from typing import Any

from training.data.sources.style import known_styles, lift_blending, look_of, read_definition


def test_personas_are_among_the_styles() -> None:
    """The style of the shipped model is installed."""
    assert "personas" in known_styles()


def test_a_known_look_leaves_parts_out_and_keeps_the_others() -> None:
    """Every part of the style is either drawn or left out by name."""
    look = look_of("personas")
    hair = read_definition("personas")["components"]["hair"]["variants"]

    assert set(hair) - set(look["hairVariant"]) == {"cap"}
    assert "pacifier" not in look["mouthVariant"]
    assert look_of("landscape") == {"orbVariant": ["sun"]}
    assert look_of("lorelei") == {}


def test_a_blend_mode_shared_within_a_masked_group_moves_to_the_group() -> None:
    """The shapes lose it, the group has it."""
    group: dict[str, Any] = {
        "name": "g",
        "attributes": {"mask": "url(#a)"},
        "children": [
            {"name": "path", "attributes": {"style": "mix-blend-mode:overlay", "d": "M0"}},
            {"name": "path", "attributes": {"style": "mix-blend-mode:overlay", "d": "M1"}},
        ],
    }
    lift_blending({"name": "g", "children": [group]})

    assert group["attributes"] == {"mask": "url(#a)", "style": "mix-blend-mode:overlay"}
    assert [child["attributes"] for child in group["children"]] == [{"d": "M0"}, {"d": "M1"}]


def test_other_groups_stay_as_they_are() -> None:
    """Without a mask, or where shapes differ, nothing is moved."""
    shapes = [{"name": "path", "attributes": {"style": "mix-blend-mode:overlay"}}]
    plain = {"name": "g", "attributes": {"fill": "red"}, "children": shapes}
    mixed = {
        "name": "g",
        "attributes": {"mask": "url(#a)"},
        "children": [*shapes, {"name": "path", "attributes": {}}],
    }
    for group in (plain, mixed):
        before = repr(group)
        lift_blending(group)

        assert repr(group) == before
