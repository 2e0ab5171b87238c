"""Where the pictures of a run came from, and that they stay the same."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from training.config.config import ConfigError
from training.data.stream import Prepared
from training.run_folder.data_origin import Origin, keep_origin, read_origin


def test_the_origin_is_what_the_manifest_says(tmp_path: Path, prepared: Prepared) -> None:
    """Name, licence and credit for the card, and the digest of the largest array."""
    keep_origin(tmp_path, prepared)

    assert read_origin(tmp_path) == Origin(
        "noise", "CC0-1.0", "Zoë, “nobody”", 12, prepared.manifest.images[-1].sha256
    )
    assert [path.name for path in tmp_path.iterdir()] == ["data.json"]


def test_the_file_is_utf_8_whatever_the_machine_speaks(tmp_path: Path, prepared: Prepared) -> None:
    """A run may be exported elsewhere."""
    keep_origin(tmp_path, prepared)

    assert "Zoë, “nobody”" in (tmp_path / "data.json").read_bytes().decode("utf-8")


def test_the_same_pictures_go_on(tmp_path: Path, prepared: Prepared) -> None:
    """Nothing is written a second time."""
    keep_origin(tmp_path, prepared)
    before = (tmp_path / "data.json").stat()

    keep_origin(tmp_path, prepared)

    after = (tmp_path / "data.json").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_other_pictures_are_refused(
    tmp_path: Path, prepared: Prepared, make_prepared: Callable[..., Prepared]
) -> None:
    """By their digest, with what to do."""
    keep_origin(tmp_path, prepared)

    with pytest.raises(ConfigError, match="begun with other pictures.*same --data"):
        keep_origin(tmp_path, make_prepared(seed=1))


@pytest.mark.parametrize("text", [None, "", "[]", "3", "{}", '{"name": "x", "colour": 1}'])
def test_an_origin_that_cannot_be_read_is_named(tmp_path: Path, text: str | None) -> None:
    """Missing, cut, or of another kind."""
    if text is not None:
        (tmp_path / "data.json").write_text(text)

    with pytest.raises(ConfigError, match=r"data\.json cannot be read"):
        read_origin(tmp_path)


def test_classes_are_kept_with_their_names(tmp_path: Path, labelled: Prepared) -> None:
    """The card will name them; an export sees no pictures."""
    keep_origin(tmp_path, labelled)

    assert read_origin(tmp_path).labels == ("class 0", "class 1", "class 2")
    keep_origin(tmp_path, labelled)


@pytest.mark.parametrize("change", ["names", "numbers"])
def test_the_same_pictures_in_other_classes_are_refused(
    tmp_path: Path, labelled: Prepared, change: str
) -> None:
    """They would be learned as something else."""
    keep_origin(tmp_path, labelled)
    manifest = labelled.manifest
    assert manifest.labels is not None
    if change == "names":
        other = replace(manifest, label_names=("a", "b", "c"))
    else:
        other = replace(manifest, labels=replace(manifest.labels, sha256="0" * 64))

    with pytest.raises(ConfigError, match="begun with other pictures"):
        keep_origin(tmp_path, replace(labelled, manifest=other))


def test_the_values_of_sixteen_bits_are_part_of_the_origin(
    tmp_path: Path, make_prepared: Callable[..., Prepared], prepared: Prepared
) -> None:
    """Kept for the card; the same pixels with other values are other pictures."""
    deep = make_prepared(value_range=(0.0, 4095.0))
    keep_origin(tmp_path, deep)
    keep_origin(tmp_path, deep)

    origin = read_origin(tmp_path)
    assert (origin.bit_depth, origin.value_range) == (16, (0.0, 4095.0))
    other = replace(deep, manifest=replace(deep.manifest, value_range=(0.0, 1.0)))
    with pytest.raises(ConfigError, match="begun with other pictures"):
        keep_origin(tmp_path, other)
    (tmp_path / "shallow").mkdir()
    keep_origin(tmp_path / "shallow", prepared)
    assert "bit_depth" not in (tmp_path / "shallow" / "data.json").read_text()


@pytest.mark.parametrize("value_range", ["null", "[1, 0]", "[0]", '"all"'])
def test_an_origin_whose_values_make_no_sense_is_refused(
    tmp_path: Path, make_prepared: Callable[..., Prepared], value_range: str
) -> None:
    """The card would state them."""
    keep_origin(tmp_path, make_prepared(value_range=(0.0, 4095.0)))
    path = tmp_path / "data.json"
    text = path.read_text().replace("[\n    0.0,\n    4095.0\n  ]", value_range)
    path.write_text(text)

    assert value_range in text
    with pytest.raises(ConfigError, match="cannot be read"):
        read_origin(tmp_path)
