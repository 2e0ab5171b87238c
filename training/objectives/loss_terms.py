"""The loss of one network, as named terms, and the scores that are logged beside it.

Owns `Loss`. Knows no objective: those are in `losses`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

Terms = dict[str, Tensor]


@dataclass(frozen=True)
class Loss:
    """The loss of one network.

    Attributes:
        terms: scalars whose sum is the loss, weights included.
        watched: scalars that are only logged.
    """

    terms: Terms
    watched: Terms = field(default_factory=Terms)


def mean_scores(real: Tensor, fake: Tensor) -> Terms:
    """Mean scores of real and fake images; a growing gap means the discriminator is too strong."""
    return {"score_real": real.mean(), "score_fake": fake.mean()}


def scores_around_zero(real: Tensor, fake: Tensor) -> Terms:
    """Mean scores, and the mean sign of the real ones, for losses where 0 separates real from fake.

    The sign is r_t of ADA (Karras et al. 2020, section 3.1): near 1, the discriminator overfits.
    """
    return {**mean_scores(real, fake), "sign_real": real.sign().mean()}
