"""Truncated latents: the rule from a latent and psi to a latent of limited values.

Owns the rule, which is frozen, since truncated pictures have addresses. Knows no seed, no network
and no style; styles are truncated by the entrance of their family.
Source: Brock et al. 2019, section 3.1 and appendix E: values beyond a threshold are drawn again.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from models.latent import Latent

STANDARD_NORMAL = NormalDist()


def truncated_latent(latent: Latent, psi: float) -> Latent:
    """Truncate each number of a standard normal latent, so that it is below a threshold.

    **The rule, which never changes:** with the distribution function P of the standard normal
    distribution and its inverse Q, a number z becomes Q(1/2 + psi (P(z) - 1/2)). It is computed
    with the sign of z and P(|z|) - 1/2 = erf(|z| / sqrt 2) / 2, in float64, and rounded to float32
    once. At psi of 1 the latent stays as it is, at 0 all numbers are 0.

    The result has the distribution of values that are drawn again until they are at most
    Q((1 + psi) / 2), as in the paper: psi is the share of the normal distribution that is kept. No
    value is drawn again, so the result moves continuously with psi and with the latent.

    As of logarithms in `models.latent`, the last bit in float64 is not guaranteed.

    Args:
        latent: `[L]`.
        psi: 0 to 1.

    Raises:
        ValueError: `psi` is out of range.
    """
    if not 0.0 <= psi <= 1.0:
        raise ValueError(f"latents are truncated with a psi from 0 to 1, not {psi}")
    if psi == 1.0:
        return latent
    return np.array([_truncated(float(z), psi) for z in latent.tolist()], np.float32)


def _truncated(z: float, psi: float) -> float:
    below = (1.0 - psi * math.erf(abs(z) / math.sqrt(2.0))) / 2.0  # the share below -|z|
    return math.copysign(STANDARD_NORMAL.inv_cdf(below), z) + 0.0  # never -0.0
