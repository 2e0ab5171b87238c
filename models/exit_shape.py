"""The shape of an exit: the convolutions that map the features of a level to an image.

Owns `ExitShape`, as plain data. Knows no tensor and no family.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast


@dataclass(frozen=True)
class ExitShape:
    """A chain of convolutions with leaky ReLUs between them; linear if there is only one.

    Without convolutions it is a box filter, `BOX`, on the finished picture.

    Attributes:
        kernels: kernel width of each convolution in pixels of its level, odd.
        hidden: number of feature maps between consecutive convolutions.
    """

    kernels: tuple[int, ...] = (1,)
    hidden: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        sizes: tuple[object, ...] = (*self.kernels, *self.hidden)
        whole = all(type(size) is int and size > 0 for size in sizes)
        if not whole or any(kernel % 2 == 0 for kernel in self.kernels):
            raise ValueError(
                f"an exit needs odd kernels and hidden maps above 0, not {self.kernels} and "
                f"{self.hidden}"
            )
        if (self.kernels or self.hidden) and len(self.kernels) != len(self.hidden) + 1:
            raise ValueError(
                f"an exit needs one kernel more than it has hidden layers, not {self.kernels} and "
                f"{self.hidden}"
            )

    def __str__(self) -> str:
        if not self.kernels:
            return "box filter"
        if not self.hidden:
            return f"{self.kernels[0]}x{self.kernels[0]}"
        maps = (*(str(n) for n in self.hidden), "image")
        return " ".join(f"{k}x{k}>{n}" for k, n in zip(self.kernels, maps, strict=True))


BOX = ExitShape((), ())


def exit_of_version_1(exit_: object) -> object:
    """Convert an exit of a card of version 1: one convolution, cost unknown.

    Values of another form are returned unchanged and rejected by validation.
    """
    if not isinstance(exit_, dict) or "kernel" not in exit_:
        return cast("object", exit_)
    rest = {k: v for k, v in cast("dict[str, object]", exit_).items() if k != "kernel"}
    unknown = {"multiply_adds": None, "share_of_path": None}
    kernel = cast("object", exit_["kernel"])
    return {**unknown, "hidden": [], **rest, "kernels": [kernel]}
