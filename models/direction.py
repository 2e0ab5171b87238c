"""Named directions of a model, as its card lists them, and the limits of edits along them.

A direction is a vector in the space of latents, or of styles in networks that have them; its unit
is one standard deviation of this space along it. Knows no tensor: `models.editing` has the rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from pydantic import ConfigDict, Field

from models.strict_json import STRICT

MAX_DIRECTIONS: Final = 64  # of one model
MAX_EDITS: Final = 8  # of one picture
MAX_STRENGTH: Final = 10.0  # of an edit, either way

DirectionName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]


@dataclass(frozen=True)
class Direction:
    """A direction of a model.

    Attributes:
        name: of the direction, in the API.
        method: how it was found.
        share: part of the variance of its method's space that lies along it, 0 to 1.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    name: DirectionName
    method: str
    share: Annotated[float, Field(ge=0, le=1)]


def require_different_names(directions: Sequence[Direction]) -> None:
    """Check that each name stands for one direction.

    Raises:
        ValueError: two directions have the same name.
    """
    names = [direction.name for direction in directions]
    if len(set(names)) != len(names):
        raise ValueError(f"the names of directions must all be different: {', '.join(names)}")
