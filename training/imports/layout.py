"""The names and shapes of the tensors in a file of another tool.

Owns the patterns of names, the number of levels found, and the refusal of files whose tensors do
not fit, with the names that are missing, unknown or of another shape. Knows no arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from models.resolution import MAX_RESOLUTION, level_of
from training.imports.refusal import ImportRefusedError

MAX_LEVELS = level_of(MAX_RESOLUTION) + 1
MAX_NAMES = 6  # in a message
MAX_NAME = 60  # characters of one

TensorShape = tuple[int, ...]


@dataclass(frozen=True)
class Layout:
    """Names of the layers of a generator in one kind of file.

    Patterns may have `{level}`, `{below}` (level - 1), `{first}` (2 level), `{second}` (the next).

    Attributes:
        tool: whose files these are, in words.
        dense: from the latent to the base.
        conv: the convolution after it.
        up: the first convolution of a level above the base.
        after: the second one.
        exit: the toRGB layer of a level.
        dense_axes: of the weight of the dense layer: `out`, `in`, `4`, and `positions` (out times
            the 16 positions of the base).
        ignored: tensors that are no weights.
    """

    tool: str
    dense: str
    conv: str
    up: str
    after: str
    exit: str
    dense_axes: tuple[str, ...]
    ignored: frozenset[str] = frozenset()

    def at(self, pattern: str, level: int) -> str:
        """The name of a layer at a level."""
        numbers = {"level": level, "below": level - 1}
        return pattern.format(**numbers, first=2 * level, second=2 * level + 1)

    def levels_in(self, tensors: Mapping[str, Tensor]) -> int:
        """Number of levels whose toRGB layer is among `tensors`."""
        present = [f"{self.at(self.exit, level)}.weight" in tensors for level in range(MAX_LEVELS)]
        return present.index(False) if False in present else MAX_LEVELS

    def names(self, levels: int) -> Iterator[str]:
        """The names of all layers of a generator of so many levels."""
        yield from (self.dense, self.conv)
        for level in range(1, levels):
            yield from (self.at(self.up, level), self.at(self.after, level))
        yield from (self.at(self.exit, level) for level in range(levels))


def require_layout(layout: Layout, tensors: Mapping[str, Tensor]) -> int:
    """Check that `tensors` are those of a generator, all of them and no other.

    Returns:
        The number of levels.

    Raises:
        ImportRefusedError: names the tensors that do not fit.
    """
    levels = layout.levels_in(tensors)
    if levels < 2:
        raise ImportRefusedError(
            f"this is not a generator of {layout.tool} of 8 px or more: it has no "
            f"{layout.at(layout.exit, levels)}.weight, but {listed_names([*tensors])}"
        )
    there = {name: each for name, each in tensors.items() if name not in layout.ignored}
    require_shapes(layout.tool, _shapes(layout, tensors, levels), there)
    return levels


def require_shapes(
    tool: str, wanted: Mapping[str, TensorShape], tensors: Mapping[str, Tensor]
) -> None:
    """Check names, shapes and type of all tensors of a generator.

    Raises:
        ImportRefusedError: names the tensors that do not fit.
    """
    there = {name: tuple(each.shape) for name, each in tensors.items()}
    problems = {
        "missing": [name for name in wanted if name not in there],
        "unknown": [name for name in there if name not in wanted],
        "of another shape": [
            f"{name} {[*there[name]]} (not {[*shape]})"
            for name, shape in wanted.items()
            if name in there and (there[name] != shape or 0 in shape)
        ],
    }
    if found := "; ".join(
        f"{kind}: {listed_names(names)}" for kind, names in problems.items() if names
    ):
        raise ImportRefusedError(f"this is not a generator of {tool}: {found}")
    if halves := [n for n in wanted if not tensors[n].is_floating_point()]:
        raise ImportRefusedError(f"tensors that are not floating-point: {listed_names(halves)}")


def _shapes(layout: Layout, tensors: Mapping[str, Tensor], levels: int) -> dict[str, TensorShape]:
    """The shape of each weight and bias, given the widths of the toRGB layers."""
    exits = [tensors[f"{layout.at(layout.exit, k)}.weight"].shape for k in range(levels)]
    maps = [shape[1] if len(shape) == 4 else 0 for shape in exits]
    channels = exits[0][0] if exits[0] else 0
    first = tensors.get(f"{layout.dense}.weight")
    place = layout.dense_axes.index("in")
    latent = first.shape[place] if first is not None and first.dim() > place else 0
    sizes = {"out": maps[0], "in": latent, "4": 4, "positions": 16 * maps[0]}
    weights: dict[str, TensorShape] = {
        layout.dense: tuple(sizes[axis] for axis in layout.dense_axes),
        layout.conv: (maps[0], maps[0], 3, 3),
    }
    for level in range(1, levels):
        weights[layout.at(layout.up, level)] = (maps[level], maps[level - 1], 3, 3)
        weights[layout.at(layout.after, level)] = (maps[level], maps[level], 3, 3)
    for level in range(levels):
        weights[layout.at(layout.exit, level)] = (channels, maps[level], 1, 1)
    biases = {name: shape[0] for name, shape in weights.items()}
    biases[layout.dense] = sizes["positions" if "positions" in layout.dense_axes else "out"]
    return {f"{name}.weight": shape for name, shape in weights.items()} | {
        f"{name}.bias": (count,) for name, count in biases.items()
    }


def with_new_names(
    tensors: Mapping[str, Tensor], rename: Callable[[str], str]
) -> dict[str, Tensor]:
    """The tensors by other names.

    Raises:
        ImportRefusedError: two tensors would have one name, so they are of two networks.
    """
    names = {name: rename(name) for name in tensors}
    origins: dict[str, str] = {}
    for name, new in names.items():
        if new in origins:
            raise ImportRefusedError(
                f"it has {listed_names([origins[new], name])}, which are of two networks: save "
                "the tensors of one alone"
            )
        origins[new] = name
    return {names[name]: tensor for name, tensor in tensors.items()}


def listed_names(names: Sequence[str]) -> str:
    """Some of the names, as a terminal shows them, and the number of the others."""
    shown = [ascii(name[:MAX_NAME])[1:-1] for name in names[:MAX_NAMES]]
    more = len(names) - len(shown)
    return (", ".join(shown) or "no tensor") + (f" and {more:,} more" if more else "")
