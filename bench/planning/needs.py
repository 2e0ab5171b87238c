"""What a load needs: the rate that a replica keeps to a latency at, replicas, hit rates.

Owns the search. Knows replicas only by their simulation.

Requests that are spread at random over replicas reach each of them as independent arrivals at an
equal share of the rate, so one replica is simulated for any number of them. Replicas that are
chosen by their load would do better: the answers are upper bounds.
"""

from __future__ import annotations

import math

from bench.load import percentile, poisson
from bench.planning.simulation import Outcome, Replica, simulate

SIMULATED = 10_000  # requests
STEPS = 8  # halvings: to half a percent of the limit


def most_rate(kind: Replica, p99_s: float, requests: int = SIMULATED) -> float:
    """The requests a second at which a replica answers 99 % within `p99_s`, and refuses none.

    Args:
        kind: the replica.
        p99_s: seconds from arrival to answer.
        requests: number of them in each simulation.

    Returns:
        0.0 if it never does.
    """
    low, high = 0.0, kind.limit
    for _ in range(STEPS):
        rate = (low + high) / 2
        if is_within(simulate_at(kind, rate, requests), p99_s):
            low = rate
        else:
            high = rate
    return low


def simulate_at(
    kind: Replica, rate: float, requests: int = SIMULATED, *, seed: int = 0, replicas: int = 1
) -> Outcome:
    """Simulate about so many independent arrivals at `rate` a second over all replicas."""
    arrivals = list(poisson(rate, requests / rate, seed))
    return simulate(kind, arrivals, replicas=replicas, seed=seed)


def is_within(outcome: Outcome, p99_s: float) -> bool:
    """True if no request was refused and 99 % were answered within `p99_s`."""
    return not outcome.refused and percentile(outcome.latencies_s, 0.99) <= p99_s


def replicas_for(load: float, hit_rate: float, most: float) -> int:
    """Replicas for `load` requests a second, if a cache answers the share `hit_rate`.

    Args:
        most: requests a second of one replica.
    """
    # Rounded, since 1 - 0.9 is a little more than a tenth.
    return max(1, math.ceil(round(load * (1 - hit_rate) / most, 6)))


def hit_rate_for(load: float, replicas: int, most: float) -> float:
    """The share of `load` that a cache must answer where there are `replicas`; 0.0 if none."""
    return max(0.0, 1 - replicas * most / load)
