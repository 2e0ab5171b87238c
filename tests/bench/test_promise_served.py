"""Pictures of several processes: the log tells which process has answered."""

from __future__ import annotations

from pathlib import Path

from bench.promise_served import answers_by_process

OF_FRONT_END = '{"event": "request", "process": "front-1", "generate_ms": 3.1}'
OF_REPLICA = 'INFO 2026-11-30 12:05:07,050 progan_replicas 4711 -- {"id": "a", "generate_ms": 3.1}'
OTHER = '{"event": "request", "process": "front-0", "route": "/health/ready"}'


def test_pictures_are_counted_by_front_end_and_by_replica(tmp_path: Path) -> None:
    """Requests without a picture, and lines of other programs, do not count."""
    log, of_replica = tmp_path / "log", tmp_path / "replica_progan_replicas_4711.log"
    log.write_text(f"{OF_FRONT_END}\n{OTHER}\nready: http://127.0.0.1:8000\n")
    of_replica.write_text(f"{OF_REPLICA}\n{OF_REPLICA}\n{OTHER}\n")

    assert answers_by_process(log, [of_replica]) == {"front-1": 1, "4711": 2}
