"""Faults of the engine that the process survives: it raises, has no memory, hangs for a while."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from tests.faults.conftest import Expected, Note
from tests.faults.process import Service, asking, read_all, until

CURSED = 13


def ask_all(service: Service, seeds: list[int]) -> dict[int, httpx2.Response]:
    """The answers to one request for each seed, all at once."""
    with ThreadPoolExecutor(len(seeds)) as pool:
        answers = pool.map(lambda seed: service.client.get(f"/images/{seed}"), seeds)
        return dict(zip(seeds, answers, strict=True))


def test_an_engine_that_raises_costs_its_batch_and_nothing_else(
    service: Service, expected: Expected, note: Note
) -> None:
    """Its clients get a problem they can act on; the next batch is computed as ever."""
    errors = service.metric('progan_engine_errors_total{kind="other"}')
    service.order(error="ValueError", text="a fault", seeds=(CURSED,))
    failed = service.client.get(f"/images/{CURSED}")
    service.relent()
    began = time.monotonic()
    after = service.client.get(f"/images/{CURSED}")
    recovery_s = time.monotonic() - began

    assert failed.status_code == 500
    assert failed.headers["content-type"] == "application/problem+json"
    assert failed.json()["type"] == "urn:problem-type:progan:engine-failed"
    assert after.headers["x-pixel-sha256"] == expected(CURSED, 32)
    assert service.metric('progan_engine_errors_total{kind="other"}') == errors + 1
    note("engine raises", "1 x 500, next 200 and right", recovery_s)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ("OutOfMemoryError", "CUDA out of memory. Tried to allocate 2.00 GiB"),
        ("RuntimeError", "DefaultCPUAllocator: can't allocate memory: you tried to allocate"),
        ("RuntimeError", "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`"),
    ],
)
def test_a_batch_too_large_for_the_memory_is_computed_in_smaller_ones(
    service: Service, expected: Expected, note: Note, error: str, text: str
) -> None:
    """Every client gets the picture of its seed, byte for byte."""
    counter = 'progan_engine_errors_total{kind="out_of_memory"}'
    before = service.metric(counter)
    seeds = list(range(100, 116))
    service.order(error=error, text=text, above=1)
    answer = service.client.post("/generate", params={"seed": seeds})

    assert answer.status_code == 200
    assert {int(image["seed"]): image["pixel_sha256"] for image in answer.json()["images"]} == {
        seed: expected(seed, 32) for seed in seeds
    }
    # Batches of one stay so until a hundred have fitted: only the first fault meets larger ones.
    assert service.metric(counter) >= max(before, 1)
    note(f"no memory for a batch ({text[:28]}...)", f"{len(seeds)} of {len(seeds)} x 200, right")


def test_a_picture_that_fits_not_even_alone_fails_alone(
    service: Service, expected: Expected, note: Note
) -> None:
    """The others of its batch are delivered; it says what to do."""
    service.order(error="MemoryError", seeds=(CURSED,))
    seeds = [*range(200, 207), CURSED]
    answers = ask_all(service, seeds)
    failed = answers.pop(CURSED)

    assert failed.status_code == 500
    assert "ask for a smaller resolution" in failed.json()["detail"]
    assert {s: a.headers["x-pixel-sha256"] for s, a in answers.items()} == {
        seed: expected(seed, 32) for seed in answers
    }
    note("no memory for one picture", "that one 500, 7 of 7 others 200, right")


def test_an_engine_that_hangs_for_a_while_refuses_until_it_answers(
    service: Service, expected: Expected, note: Note
) -> None:
    """Not ready, but alive; who was admitted gets the picture in the end."""
    hangs = service.metric('progan_engine_errors_total{kind="hang"}')
    service.order(hang=True)
    with asking(service, "GET /images/7") as admitted:
        until(lambda: service.status("/health/ready") == 503)
        refused = service.client.get("/images/8")
        assert service.status("/health/live") == 200
        until(lambda: service.metric('progan_engine_errors_total{kind="hang"}') > hangs)
        service.relent()
        head, _, _ = read_all(admitted).partition(b"\r\n\r\n")
    recovery_s = until(lambda: service.status("/health/ready") == 200)
    after = service.client.get("/images/8")

    assert refused.status_code == 503
    assert refused.json()["type"] == "urn:problem-type:progan:engine-silent"
    assert int(refused.headers["retry-after"]) >= 1
    assert head.startswith(b"HTTP/1.1 200")
    assert expected(7, 32).encode() in head
    assert after.headers["x-pixel-sha256"] == expected(8, 32)
    lines = [json.loads(line) for line in service.log.read_text().splitlines()]
    assert any(line["event"].startswith("the engine is stalled") for line in lines)
    note("engine hangs, then answers", "admitted 200; new 503 meanwhile", recovery_s)
