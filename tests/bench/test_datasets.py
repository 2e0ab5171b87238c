"""The measurement of data sets, small: it finds equal manifests, and what was cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.datasets import BesideRow, compared, manifest_of, ratio_of
from bench.served import service
from service.datasets.archives import WebDatasetArchive
from tests.service.dataset_files import painted_dataset, whole


@pytest.mark.slow
@pytest.mark.usefixtures("forked_services")
def test_a_cut_download_and_its_rest_have_the_manifest_of_the_whole(bundles: Path) -> None:
    """From a real service; the cut one is seen to be incomplete."""
    with service(bundles=bundles, threads=1, credentials="off") as served:
        rows, equal = compared(served, 200, 16)

    assert equal
    assert [row.complete for row in rows] == [True, False, True]
    assert rows[1].pictures + rows[2].pictures == rows[0].pictures == 200


def test_a_manifest_ends_where_the_file_was_cut(tmp_path: Path) -> None:
    """With whole records alone."""
    dataset = painted_dataset(0, 9)
    content = whole(dataset, WebDatasetArchive(dataset))
    path = tmp_path / "a.tar"
    path.write_bytes(content)
    records, completion = manifest_of(path)
    path.write_bytes(content[: content.index(b"000005.json") + 600])
    cut, none = manifest_of(path)

    assert completion is not None
    assert (len(records), completion.count) == (9, 9)
    assert (cut, none) == (records[:5], None)


def test_the_ratio_is_that_of_the_slowest_requests() -> None:
    """Beside a download over without one."""
    rows = [BesideRow("", 1, 0, 1.0, p99, 0.0, 0.0) for p99 in (10.0, 12.0)]

    assert ratio_of(rows) == pytest.approx(1.2)
