"""`GET /datasets`: parameters, headers, access and limits."""

from __future__ import annotations

import io
import json
import re
import threading
import zipfile
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from fastapi.testclient import TestClient

from service.app import create_app
from service.composition import ServiceRuntime
from service.settings import Settings
from tests.service.dataset_files import (
    class_of,
    expected_records,
    member_of_tar,
    records_in_tar,
    records_in_zip,
    samples_in_tar,
)
from tests.service.painter import (
    PATIENCE_S,
    Painter,
    card_named,
    local,
    service_with,
    wait_until,
    write_card,
)

SMALL = "/datasets?resolution=4&count=10"


@contextmanager
def running(
    painter: Painter, settings: Settings, **changes: object
) -> Generator[tuple[TestClient, ServiceRuntime]]:
    """A ready service and its parts."""
    runtime = ServiceRuntime(settings.model_copy(update=changes), painter.open)
    app = create_app(runtime.settings, runtime)
    with TestClient(app, raise_server_exceptions=False) as client:
        wait_until(lambda: client.get("/health/ready").status_code == 200)
        yield client, runtime
        painter.gate.set()


@pytest.fixture
def plain(painter: Painter, settings: Settings) -> Generator[TestClient]:
    """A client of a service that signs nothing."""
    with running(painter, settings, credentials=False) as (client, _):
        yield client


def test_a_data_set_holds_the_pictures_of_its_seeds(plain: TestClient) -> None:
    """In both kinds of archive."""
    zipped = plain.get(f"{SMALL}&from_seed=95")
    tarred = plain.get(f"{SMALL}&from_seed=95&format=webdataset")

    assert records_in_zip(zipped.content) == expected_records(95, 10)
    assert records_in_tar(tarred.content) == expected_records(95, 10)
    assert zipped.headers["content-type"] == "application/zip"
    assert tarred.headers["content-type"] == "application/x-tar"


def test_a_picture_has_the_bytes_of_its_own_address(client: TestClient) -> None:
    """Signed like every other file."""
    content = client.get(f"{SMALL}&format=webdataset&image_format=webp").content
    sample = list(samples_in_tar(content))[7]

    assert sample["webp"] == client.get("/images/7?resolution=4&format=webp").content
    assert b"c2pa" in sample["webp"]


def test_the_same_request_gives_the_same_bytes(client: TestClient) -> None:
    """Signatures included."""
    assert client.get(SMALL).content == client.get(SMALL).content


def test_the_headers_name_model_range_and_file(client: TestClient, painter: Painter) -> None:
    """So that a cut download can be continued with the same digest."""
    answer = client.get(f"{SMALL}&from_seed=5")
    headers = answer.headers

    assert headers["x-model"] == painter.cards[0].pinned_name
    assert (headers["x-from-seed"], headers["x-count"], headers["x-resolution"]) == ("5", "10", "4")
    assert headers["content-disposition"] == 'attachment; filename="painter-32-4-5-14.zip"'
    assert (headers["cache-control"], headers["accept-ranges"]) == ("no-store", "none")
    assert "content-length" not in headers


def test_a_known_etag_is_answered_without_the_engine(client: TestClient, painter: Painter) -> None:
    """And another one is refused where it is demanded."""
    etag = client.head(SMALL).headers["etag"]
    same = client.get(SMALL, headers={"If-None-Match": etag})
    other = client.get(SMALL, headers={"If-Match": '"other"'})

    assert (same.status_code, other.status_code) == (304, 412)
    assert painter.seeds == []
    assert client.get(SMALL).headers["etag"] == etag
    assert client.head(f"{SMALL}&from_seed=1").headers["etag"] != etag


def test_a_data_set_whose_model_is_replaced_meanwhile_ends_with_the_old_one(
    painter: Painter, settings: Settings
) -> None:
    """The new model is loaded after the first batch, and the old one stays until the end."""
    painter.cards = (card_named("old"),)
    with running(painter, settings, retired_model_s=0.0) as (client, runtime):
        painter.gate.clear()

        async def replaced() -> None:
            for _ in range(2):  # the second look finds the folder settled
                await local(runtime).reloader.look()
            for _ in range(3):
                await local(runtime).reloader.collect_retired()

        with ThreadPoolExecutor(2) as pool:
            download = pool.submit(client.get, "/datasets?resolution=4&count=600&model=old")
            assert painter.entered.wait(PATIENCE_S)
            write_card(painter.folder, "new")
            assert client.portal
            swap = client.portal.start_task_soon(replaced)
            painter.gate.set()
            swap.result(PATIENCE_S)
            answer = download.result(PATIENCE_S)

        assert painter.loads == [False, True]
        assert answer.headers["x-model"] == card_named("old").pinned_name
        assert len(records_in_zip(answer.content)) == 600
        assert {recipe.model for batch in painter.batches for recipe in batch} == {
            card_named("old").pinned_name
        }
        wait_until(lambda: [card.name for card in painter.loaded.values()] == ["new"])


def test_head_renders_nothing(client: TestClient, painter: Painter) -> None:
    """It has the same headers."""
    head = client.head(SMALL)

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["x-count"] == "10"
    assert painter.seeds == []


def test_classes_are_those_of_seeds_or_the_one_that_was_asked_for(
    painter: Painter, settings: Settings
) -> None:
    """And stand in the description."""
    labels = ("cat", "a dog")
    painter.cards = (card_named("pets", labels=labels),)
    with service_with(painter, settings) as client:
        own = client.get(f"{SMALL}&format=webdataset")
        asked = client.get(f"{SMALL}&format=webdataset&label=a dog")

    assert [r["label"] for r in records_in_tar(own.content)] == [
        class_of(seed, labels) for seed in range(10)
    ]
    assert {r["label"] for r in records_in_tar(asked.content)} == {"a dog"}
    assert asked.headers["x-label"] == "a dog"
    assert "x-label" not in own.headers
    assert member_of_tar(asked.content, "__dataset__")["label"] == "a dog"
    assert member_of_tar(own.content, "__dataset__")["labels"] == list(labels)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("", "count"),
        ("count=0", "count"),
        ("count=1000001", "count"),
        ("count=many", "count"),
        ("count=1&from_seed=-1", "from_seed"),
        ("count=2&from_seed=9223372036854775807", "from_seed"),
        ("count=1&from_seed=9223372036854775808", "from_seed"),
        ("count=1&from_seed=ada", "from_seed"),
        ("count=1&resolution=5", "resolution"),
        ("count=1&label=cat", "label"),
        ("count=1&format=rar", "format"),
        ("count=1&image_format=gif", "image_format"),
        ("count=1&seed=5", "seed"),
        ("count=1&count=2", "count"),
    ],
)
def test_a_parameter_out_of_range_is_named(
    client: TestClient, painter: Painter, query: str, parameter: str
) -> None:
    """And nothing is computed."""
    answer = client.get(f"/datasets?{query}")

    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(f"{parameter}:")
    assert painter.seeds == []


def test_it_needs_a_key_where_pictures_need_one(painter: Painter, settings: Settings) -> None:
    """And a model that is there."""
    keys = Settings.model_validate(settings.model_dump() | {"api_keys": "sesame"})
    with service_with(painter, keys) as client:
        assert client.get(SMALL).status_code == 401
        assert client.get(SMALL, headers={"X-API-Key": "sesame"}).status_code == 200
        unknown = client.get(f"{SMALL}&model=other", headers={"X-API-Key": "sesame"})
        assert unknown.status_code == 404


def test_data_sets_can_be_turned_off(painter: Painter, settings: Settings) -> None:
    """Nothing else changes."""
    with running(painter, settings, max_datasets=0) as (client, _):
        answer = client.get(SMALL)

        assert answer.status_code == 403
        assert "PROGAN_MAX_DATASETS" in answer.json()["detail"]
        assert client.head(SMALL).status_code == 403
        assert client.get("/images/7?resolution=4").status_code == 200


def test_more_downloads_than_may_be_are_refused_with_the_time_to_wait(
    painter: Painter, settings: Settings
) -> None:
    """And pictures are served meanwhile."""
    with running(painter, settings, max_datasets=1) as (client, runtime):
        with runtime.downloads.opened("another client", 10):
            second = client.get(SMALL)
        later = client.get(SMALL)

        assert second.status_code == 503
        assert int(second.headers["retry-after"]) >= 1
        assert second.json()["type"].endswith("datasets-full")
        assert later.status_code == 200
        assert len(runtime.downloads) == 0
        text = client.get("/metrics").text
        assert re.search(r'^progan_datasets_total\{outcome="refused"\} 1.0$', text, re.MULTILINE)
        assert re.search(r'^progan_datasets_total\{outcome="complete"\} 1.0$', text, re.MULTILINE)


def test_a_client_downloads_one_data_set_at_a_time(painter: Painter, settings: Settings) -> None:
    """So that it can neither hold all places nor have more pictures than its rate."""
    changes = {"max_datasets": 2, "dataset_rate_limit": "15/day"}
    with running(painter, settings, **changes) as (client, runtime):
        painter.gate.clear()
        answers: list[int] = []
        first = threading.Thread(target=lambda: answers.append(client.get(SMALL).status_code))
        first.start()
        wait_until(lambda: len(runtime.downloads) == 1)
        second = client.get(SMALL)
        painter.gate.set()
        first.join(PATIENCE_S)

        assert second.status_code == 429
        assert 1 <= int(second.headers["retry-after"]) <= 61
        assert second.json()["type"].endswith("dataset-open")
        assert answers == [200]
        assert client.get(SMALL).json()["type"].endswith("rate-exceeded")
        assert client.get("/datasets?resolution=4&count=5").status_code == 200


def test_pictures_count_in_a_rate_of_their_own(painter: Painter, settings: Settings) -> None:
    """As they are sent; a data set for which there is no room is refused before it begins."""
    with running(painter, settings, dataset_rate_limit="25/day") as (client, _):
        never = client.get("/datasets?resolution=4&count=26")
        statuses = [client.get(SMALL).status_code for _ in range(3)]
        later = client.get(SMALL)
        rest = client.get("/datasets?resolution=4&count=5")

    assert never.status_code == 422
    assert never.json()["allowed"] == {"ge": 1, "le": 25}
    assert statuses == [200, 200, 429]
    assert later.json()["detail"] == "more pictures than 25 per 1 day from one client"
    assert int(later.headers["retry-after"]) > 80_000
    assert rest.status_code == 200


def test_a_data_set_of_sixteen_bits_says_what_its_pixels_stand_for(settings: Settings) -> None:
    """In headers and its description; its PNG files are those of `/images`."""
    deep = card_named("scans-32", channels=1, value_range=(-1024.0, 3071.0))
    with running(Painter(deep), settings) as (client, _):
        answer, views = (client.get(f"{SMALL}{more}") for more in ("", "&image_format=webp"))
        alone = client.get("/images/7?resolution=4")

    assert answer.headers["x-bit-depth"] == answer.headers["x-file-bit-depth"] == "16"
    assert (answer.headers["x-value-low"], answer.headers["x-value-high"]) == ("-1024", "3071")
    assert (views.headers["x-bit-depth"], views.headers["x-file-bit-depth"]) == ("16", "8")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as files:
        assert files.read("000007.png") == alone.content
        description = json.loads(files.read("dataset.json"))
    assert (description["bit_depth"], description["value_range"]) == (16, [-1024.0, 3071.0])
