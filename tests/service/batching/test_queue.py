"""Who waits, and who is in the next batch: with a virtual clock and no thread."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.batching.predictor import WorkPredictor
from service.batching.queue import AdmissionQueue, PendingImage
from service.batching.recipe import Recipe, point_of
from service.errors import DeadlinePassed, DeadlineTooNear, Draining, QueueFull

NEVER = 1e9
STANDING = 12  # in line at every moment of a stream


def ticket(
    seed: int, model: str = "a", resolution: int = 64, deadline: float = NEVER
) -> PendingImage:
    """One recipe in the line since time 0."""
    return PendingImage(Recipe(model, point_of(seed), resolution), deadline, 0.0)


def line(
    capacity: int = 100,
    max_batch: int = 4,
    max_work_s: float = 1e9,
    max_queued_s: float = math.inf,
) -> AdmissionQueue:
    """An empty line."""
    return AdmissionQueue(
        capacity=capacity,
        max_queued_s=max_queued_s,
        max_batch=max_batch,
        max_work_s=max_work_s,
        predictor=WorkPredictor(),
    )


def admit(queue: AdmissionQueue, pending: Sequence[PendingImage], *, bounded: bool = True) -> None:
    """Let a request in, as the batcher does."""
    if bounded:
        queue.require_room([each.recipe for each in pending], queue.work_s())
    queue.append(pending)


def seeds(tickets: list[PendingImage]) -> list[int]:
    """The seeds of tickets, in order."""
    return [each.recipe.point.start for each in tickets]


def test_a_batch_is_whoever_came_first() -> None:
    """In order of arrival, up to the largest batch."""
    waiting = line(max_batch=3)
    admit(waiting, [ticket(n) for n in range(5)])

    assert ([0, 1, 2], [3, 4], []) == tuple(seeds(waiting.take(1.0)) for _ in range(3))


def test_a_batch_has_one_model_and_those_passed_over_keep_their_place() -> None:
    """The head decides the model; the others are next in their order."""
    waiting = line(max_batch=4)
    admit(waiting, [ticket(n, model) for n, model in enumerate("abbab")])

    assert ([0, 3], [1, 2, 4]) == (seeds(waiting.take(1.0)), seeds(waiting.take(1.0)))


def test_resolutions_share_a_batch() -> None:
    """They share the lower levels of the network."""
    waiting = line()
    admit(waiting, [ticket(n, resolution=4 << n) for n in range(4)])

    assert [0, 1, 2, 3] == seeds(waiting.take(1.0))


def test_a_batch_is_filled_up_to_its_predicted_work_and_small_ones_still_go_along() -> None:
    """One image always goes; a further large one would not fit, a small one does."""
    waiting = line(max_work_s=0.5)  # 1 us a pixel is predicted: 0.26 s at 512 px, 1.05 s at 1024
    admit(waiting, [ticket(0, resolution=512), ticket(1, resolution=1024), ticket(2)])

    assert [0, 2] == seeds(waiting.take(1.0))
    assert [1] == seeds(waiting.take(1.0))


def test_a_full_line_refuses_all_of_a_request_or_none() -> None:
    """Half a request helps nobody."""
    waiting = line(capacity=3)
    admit(waiting, [ticket(0), ticket(1)])

    with pytest.raises(QueueFull, match="2 of 3 places in the queue are taken, 2 are needed"):
        admit(waiting, [ticket(2), ticket(3)])
    admit(waiting, [ticket(4)])
    assert [0, 1, 4] == seeds(waiting.waiting())


def test_a_line_with_much_work_refuses_a_large_picture_and_takes_a_small_one() -> None:
    """Places are not all: a large picture is more work than sixteen small ones."""
    waiting = line(max_queued_s=1.5)  # 1 us a pixel is predicted: 1.05 s at 1024 px
    admit(waiting, [ticket(0, resolution=1024)])

    with pytest.raises(QueueFull, match=r"1\.0 s of work are queued.*add 1\.0 s.*1\.5 s may be"):
        admit(waiting, [ticket(1, resolution=1024)])
    admit(waiting, [ticket(2, resolution=512)])
    admit(waiting, [ticket(3, resolution=1024)], bounded=False)
    assert seeds(waiting.waiting()) == [0, 2, 3]


def test_an_empty_line_takes_a_request_of_any_size() -> None:
    """Else it would never be served; those who have gone leave the line empty."""
    waiting = line(max_queued_s=0.001)
    gone = ticket(0, resolution=1024)
    admit(waiting, [gone])
    gone.image.cancel()
    admit(waiting, [ticket(n, resolution=1024) for n in range(1, 9)])

    assert seeds(waiting.waiting()) == list(range(1, 9))


def test_those_who_have_gone_take_no_places() -> None:
    """Clients that hang up cannot fill the queue for those who stay."""
    waiting = line(capacity=2)
    gone = [ticket(0), ticket(1)]
    admit(waiting, gone)
    for each in gone:
        each.image.cancel()
    admit(waiting, [ticket(2), ticket(3)])

    assert [2, 3] == seeds(waiting.take(1.0))


def test_work_that_has_its_places_already_is_never_refused() -> None:
    """The later frames of a walk under way."""
    waiting = line(capacity=1)
    admit(waiting, [ticket(0)])
    admit(waiting, [ticket(1)], bounded=False)

    assert [0, 1] == seeds(waiting.take(1.0))


@pytest.mark.parametrize(
    ("ahead_s", "patience_s", "retry_after_s"),
    [(0.5, 1.6, "admitted"), (4.2, 3.0, 3), (0.5, 1.0, None)],
)
def test_what_would_be_done_too_late_is_refused(
    ahead_s: float, patience_s: float, retry_after_s: object
) -> None:
    """With the seconds after which less is queued; without, where it takes too long by itself."""
    told: object = "admitted"
    try:
        line().require_time([ticket(0, resolution=1024).recipe], ahead_s, patience_s)
    except DeadlineTooNear as error:
        told = error.retry_after_s

    assert told == retry_after_s


def test_the_cancelled_are_never_taken() -> None:
    """Nothing is computed for a client that has gone."""
    waiting = line()
    tickets = [ticket(n) for n in range(3)]
    admit(waiting, tickets)
    tickets[1].image.cancel()

    assert [0, 2] == seeds(waiting.take(1.0))


def test_the_expired_are_told_and_not_taken() -> None:
    """A deadline passes at its very moment."""
    waiting = line()
    late, early = ticket(0, deadline=5.0), ticket(1, deadline=5.1)
    admit(waiting, [late, early])

    assert [1] == seeds(waiting.take(5.0))
    with pytest.raises(DeadlinePassed):
        late.image.result(0)


def test_a_taken_ticket_can_no_longer_be_cancelled() -> None:
    """Its image is being computed: the result may be dropped, never misdelivered."""
    waiting = line()
    admit(waiting, [ticket(0)])
    (taken,) = waiting.take(1.0)

    assert taken.image.cancel() is False


def test_depth_and_work_count_those_who_are_still_wanted() -> None:
    """The gauges do not scale the service for the dead."""
    waiting = line()
    tickets = [ticket(0, "a"), ticket(1, "b"), ticket(2, "b")]
    admit(waiting, tickets)
    tickets[1].image.cancel()

    assert {"a": 1, "b": 1} == dict(waiting.depths())
    assert pytest.approx(2 * 64**2 * 1e-6) == waiting.work_s()


def test_giving_up_tells_everyone_who_waits() -> None:
    """At shutdown, nobody waits for ever."""
    waiting = line()
    tickets = [ticket(0), ticket(1)]
    admit(waiting, tickets)
    tickets[0].image.cancel()

    assert waiting.give_up(lambda: Draining("the end")) == 1
    with pytest.raises(Draining, match="the end"):
        tickets[1].image.result(0)
    assert waiting.take(1.0) == []


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from([4, 64, 1024]), st.booleans()),
        max_size=40,
    ),
    st.integers(1, 8),
    st.sampled_from([0.001, 1.0, 1e9]),
)
def test_everyone_who_stays_is_taken_once_and_within_as_many_batches_as_stood_before(
    arrivals: list[tuple[str, int, bool]], max_batch: int, max_work_s: float
) -> None:
    """No loss, no doubling, no starvation: each batch takes the head, so rank n waits n batches."""
    waiting = line(max_batch=max_batch, max_work_s=max_work_s)
    tickets = [ticket(n, model, size) for n, (model, size, _) in enumerate(arrivals)]
    admit(waiting, tickets)
    for each, (_, _, gone) in zip(tickets, arrivals, strict=True):
        if gone:
            each.image.cancel()
    staying = [n for n, (_, _, gone) in enumerate(arrivals) if not gone]

    batches: list[list[PendingImage]] = []
    while batch := waiting.take(1.0):
        batches.append(batch)

    taken_in = {n: k for k, batch in enumerate(batches) for n in seeds(batch)}
    assert sorted(n for batch in batches for n in seeds(batch)) == staying
    assert all(taken_in[n] <= rank for rank, n in enumerate(staying))
    assert all(len({each.recipe.model for each in batch}) == 1 for batch in batches)
    assert all(len(batch) <= max_batch for batch in batches)


def wait_among(stream: Callable[[int], int], resolution: int, ahead: int) -> tuple[float, float]:
    """How long one picture waits in a stream that never ends.

    The line is filled up again before every batch, so the engine is never ahead of it.

    Args:
        stream: number of a picture -> its resolution.
        resolution: of the one we look at.
        ahead: of the stream, when it comes.

    Returns:
        The virtual seconds until its batch begins, and the bound: those ahead of it one by one,
        each in a batch of its own that is as long as the longest.
    """
    predictor, waiting = WorkPredictor(), line(max_batch=8, max_work_s=1.0)
    number = 0

    def arrive(count: int) -> None:
        nonlocal number
        for _ in range(count):
            admit(waiting, [ticket(number, resolution=stream(number))])
            number += 1

    now = longest_s = 0.0
    arrive(ahead)
    ours = ticket(10**6, resolution=resolution)
    admit(waiting, [ours])
    while True:
        arrive(STANDING - len(waiting.waiting()))
        batch = waiting.take(now)
        if ours in batch:
            return now, ahead * longest_s
        taken_s = predictor.seconds([each.recipe for each in batch], 8)
        now, longest_s = now + taken_s, max(longest_s, taken_s)


@pytest.mark.parametrize("ahead", [0, 1, 5, 11])
@pytest.mark.parametrize(
    ("stream", "resolution"),
    [
        (lambda _: 1024, 64),
        (lambda _: 64, 1024),
        (lambda n: (64, 1024)[n % 2], 512),
        (lambda n: (4, 4, 4, 512)[n % 4], 1024),
    ],
    ids=["small among large", "large among small", "between both", "large among mixed"],
)
def test_an_endless_stream_starves_nobody(
    stream: Callable[[int], int], resolution: int, ahead: int
) -> None:
    """Those who come later go along if there is room, but hold nobody up for more than a batch."""
    waited_s, bound_s = wait_among(stream, resolution, ahead)

    assert waited_s <= bound_s * (1 + 1e-9)  # they are sums


def test_a_small_picture_goes_along_with_large_ones_before_it() -> None:
    """It fits into the batch of the first of them, so eleven cost it nothing."""
    assert wait_among(lambda _: 512, 4, 11)[0] == 0


# ----------------------------------------------------------------------------------------
# Bulk images


def bulk(seed: int, model: str = "a", resolution: int = 8) -> PendingImage:
    """One image of a data set."""
    recipe = Recipe(model, point_of(seed), resolution)
    return PendingImage(recipe, math.inf, 0.0, is_bulk=True)


def test_bulk_images_are_taken_only_while_no_request_waits() -> None:
    """And never in a batch with one, which they would make longer."""
    waiting = line(max_batch=4)
    waiting.append_bulk([bulk(n) for n in range(10, 13)])
    admit(waiting, [ticket(0)])

    assert ([0], [10, 11, 12]) == (seeds(waiting.take(1.0)), seeds(waiting.take(1.0)))


def test_bulk_images_never_starve_where_requests_leave_room() -> None:
    """Each moment without a waiting request is theirs, in their order."""
    waiting = line(max_batch=2)
    waiting.append_bulk([bulk(n) for n in range(6)])
    taken: list[int] = []
    for _ in range(3):
        admit(waiting, [ticket(99)])
        assert seeds(waiting.take(1.0)) == [99]
        taken += seeds(waiting.take(1.0))

    assert taken == list(range(6))


def test_a_batch_of_bulk_images_is_short_but_never_empty() -> None:
    """A request that comes meanwhile waits for no more than its predicted work, or one image."""
    predictor = WorkPredictor()
    for count in (1, 2, 3) * 60:  # a millisecond for each image of 8 px, ten for each of 128
        predictor.observe([Recipe("a", point_of(0), 8)] * count, 0.001 * count)
        predictor.observe([Recipe("a", point_of(0), 128)] * count, 0.010 * count)
    waiting = AdmissionQueue(
        capacity=9, max_batch=64, max_work_s=1.0, predictor=predictor, max_bulk_s=0.0045
    )
    waiting.append_bulk([bulk(n) for n in range(9)])
    waiting.append_bulk([bulk(n, resolution=128) for n in range(9, 11)])
    batches = [seeds(waiting.take(1.0)) for _ in range(5)]

    assert batches == [[0, 1, 2, 3], [4, 5, 6, 7], [8], [9], [10]]


def test_bulk_images_count_in_no_limit() -> None:
    """Neither places nor work, neither depth nor what is told of the wait."""
    waiting = line(capacity=2, max_queued_s=1e-9)
    waiting.append_bulk([bulk(n) for n in range(50)])
    admit(waiting, [ticket(0), ticket(1)])

    assert waiting.depths() == {"a": 2}
    assert [each.recipe.point.start for each in waiting.waiting()] == [0, 1]


def test_cancelled_bulk_images_are_dropped_and_all_are_given_up_at_the_end() -> None:
    """Nobody waits for ever."""
    waiting = line()
    gone, there = bulk(0), bulk(1)
    waiting.append_bulk([gone, there])
    gone.image.cancel()

    assert waiting.give_up(lambda: Draining("the end")) == 1
    assert isinstance(there.image.exception(), Draining)
    assert waiting.take(1.0) == []
