"""The simulation against theory, its search, and the tables; one real replica beside it."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from bench.capacity import check_table, plan_table
from bench.load import poisson
from bench.paced.engine import Pace
from bench.planning.calibration import fit, least_seconds
from bench.planning.checking import CheckRow, check, point_of_latencies
from bench.planning.needs import hit_rate_for, most_rate, replicas_for, simulate_at
from bench.planning.simulation import PictureTimes, Replica, routes, simulate
from bench.planning.times import read_times, replicas_of

ENGINE_ALONE = PictureTimes(http_s=0.0, batch_s=1.0, each_s=0.0, encode_s=0.0)
QUEUE = Replica(ENGINE_ALONE, cores=1, max_batch=1, on_cores=False, capacity=10**9)
ALL_OF_IT = PictureTimes(http_s=0.001, batch_s=0.01, each_s=0.002, encode_s=0.003)


def mean(values: tuple[float, ...]) -> float:
    """The mean of some numbers."""
    return sum(values) / len(values)


def waits_at(load: float, *, exponential: bool) -> float:
    """The mean wait of a queue with one server of one second, over 15,000 customers."""
    chance = random.Random(1)
    arrivals = list(poisson(load, 15_000 / load, seed=2))
    service = (lambda _: chance.expovariate(1.0)) if exponential else None
    return mean(simulate(QUEUE, arrivals, batch_time=service).waits_s)


@pytest.mark.parametrize("load", [0.3, 0.7])
def test_waiting_times_are_those_of_theory(load: float) -> None:
    """M/M/1: load / (1 - load); M/D/1: half of it (Pollaczek and Khinchine).

    The runs are the same each time; the tolerance is about three standard errors of the mean of
    such a run at the higher load.
    """
    theory = load / (1 - load)

    assert waits_at(load, exponential=True) == pytest.approx(theory, rel=0.15)
    assert waits_at(load, exponential=False) == pytest.approx(theory / 2, rel=0.15)


@pytest.mark.parametrize("capacity", [5, 256])
@pytest.mark.parametrize("on_cores", [True, False])
def test_every_request_is_answered_once_or_refused(capacity: int, on_cores: bool) -> None:
    """At twice the limit of three replicas, too."""
    kind = Replica(ALL_OF_IT, cores=2, on_cores=on_cores, capacity=capacity)
    arrivals = list(poisson(6 * kind.limit, 5.0, seed=3))
    outcome = simulate(kind, arrivals, replicas=3)

    assert len(outcome.latencies_s) + outcome.refused == len(arrivals)
    assert len(outcome.waits_s) == len(outcome.latencies_s)
    assert outcome.refused > 0 or capacity == 256
    assert outcome.batches <= len(outcome.waits_s) <= 8 * outcome.batches
    least = ALL_OF_IT.http_s + ALL_OF_IT.batch_s + ALL_OF_IT.each_s + ALL_OF_IT.encode_s
    assert min(outcome.latencies_s) >= least - 1e-9  # rounding of sums
    assert min(outcome.waits_s) >= 0


def test_no_more_is_done_than_the_limit_allows() -> None:
    """And nearly as much, if enough waits: few batches are not full."""
    kind = Replica(ALL_OF_IT, cores=2, encoders=2)
    outcome = simulate(kind, [0.0] * 256)
    rate = len(outcome.latencies_s) / outcome.ended_s

    assert outcome.refused == 0
    assert 0.8 * kind.limit < rate <= kind.limit
    assert outcome.batches < 1.2 * 256 / 8


@pytest.mark.parametrize(
    ("replica", "limit"),
    [
        (Replica(ALL_OF_IT, cores=1), 1 / (0.001 + 0.003 + 0.026 / 8)),
        (Replica(ALL_OF_IT, cores=8), 1 / (0.026 / 8)),
        (Replica(ALL_OF_IT, cores=8, max_batch=1), 1 / 0.012),
        (Replica(ALL_OF_IT, cores=8, max_batch=32, on_cores=False), 1 / 0.003),
        (Replica(ALL_OF_IT, 8, encoders=8, max_batch=10**6, on_cores=False), 500),
        (Replica(PictureTimes(0.1, 0.001, 0, 0), cores=8, loops=2), 20),
    ],
)
def test_the_limit_is_that_of_the_narrowest_part(replica: Replica, limit: float) -> None:
    """Cores, device, encoders or event loops."""
    assert replica.limit == pytest.approx(limit, rel=1e-3)


def test_the_same_seed_gives_the_same_run() -> None:
    """To the last bit; another seed another one."""
    kind = Replica(ALL_OF_IT, cores=2)
    first, again, other = (
        simulate_at(kind, 150.0, 500, seed=seed, replicas=2) for seed in (1, 1, 2)
    )

    assert first == again
    assert first.latencies_s != other.latencies_s


def test_requests_are_spread_evenly() -> None:
    """Each replica gets its share, by chance."""
    shares = Counter(routes(30_000, 3, seed=4))

    assert sorted(shares) == [0, 1, 2]
    assert max(shares.values()) < 1.05 * min(shares.values())


def test_the_rate_found_is_the_highest_that_keeps_to_the_time() -> None:
    """A tenth more does not; a time shorter than one picture takes is never kept to."""
    kind = Replica(ALL_OF_IT, cores=2, encoders=2)
    most = most_rate(kind, 0.1, 1_000)

    assert 0.5 * kind.limit < most < kind.limit
    for rate, within in ((most, True), (1.1 * most, False)):
        latencies = simulate_at(kind, rate, 1_000).latencies_s
        assert (point_of_latencies(latencies, 0.99) <= 0.1) is within
    assert most_rate(kind, 0.01, 100) < 0.01 * kind.limit


@pytest.mark.parametrize(
    ("load", "hit_rate", "replicas"),
    [(100, 0.0, 1), (1_000, 0.0, 10), (1_001, 0.0, 11), (1_000, 0.9, 1), (1_000, 0.99, 1)],
)
def test_what_the_cache_does_not_answer_is_shared(
    load: float, hit_rate: float, replicas: int
) -> None:
    """Never by fewer than one, and rounded up."""
    assert replicas_for(load, hit_rate, most=100) == replicas


def test_a_hit_rate_makes_up_for_missing_replicas() -> None:
    """None is needed where the replicas are enough."""
    assert hit_rate_for(1_000, 1, most=100) == pytest.approx(0.9)
    assert hit_rate_for(1_000, 8, most=100) == pytest.approx(0.2)
    assert hit_rate_for(100, 8, most=100) == 0.0


def test_the_plan_has_a_row_for_each_load() -> None:
    """And says so where a replica never keeps to the time."""
    lines = plan_table({"good": 150.0, "slow": 0.0})

    assert [line.split(" | ")[2] for line in lines[2:-1]] == ["100", "1,000", "10,000", "100,000"]
    assert lines[3] == "| good | 150 | 1,000 | 7 | 4 | 1 | 1 | 85.00% | 0.00% |"
    assert "never" in lines[-1]
    assert len({line.count("|") for line in lines}) == 1


def test_times_are_fitted() -> None:
    """A batch that costs nothing beside its pictures is none of negative time."""
    assert fit({1: 3.0, 2: 4.0, 4: 6.0}) == pytest.approx((2.0, 1.0))
    assert fit({1: 1.0, 8: 9.0}) == (0.0, pytest.approx(73 / 65))
    assert least_seconds(lambda: sum(range(100_000)), rounds=2) > 0


def test_the_times_in_the_repository_are_those_of_the_command() -> None:
    """Positive, and larger pictures take longer."""
    measured = read_times()
    small, large = measured.pictures[64], measured.pictures[256]

    assert measured.command == "python -m bench.capacity calibrate"
    assert 0 < small.each_s < large.each_s
    assert 0 < small.encode_s < large.encode_s
    assert small.http_s > 0
    assert all(kind.limit > 0 for kind in replicas_of(measured).values())


def test_one_replica_answers_as_simulated() -> None:
    """The real service, for two seconds: all is answered; the table tells how far off it is."""
    rows = check(read_times().pictures[64], 1, 0.3, seconds=2.0, pace=Pace(0.06, 0.01))

    assert {row.failed for row in rows} == {0}
    assert [row.point for row in rows] == ["mean", "p50", "p95", "p99"]
    assert min(row.real_ms for row in rows) >= 70  # a batch of one picture
    assert min(row.simulated_ms for row in rows) >= 70
    row = CheckRow(2, 76.2, 1524, 0, "p50", 200.0, 190.0)
    assert check_table([row])[-1] == "| 2 | 76.2 | 1524 | 0 | p50 | 200 | 190 | -5% |"
