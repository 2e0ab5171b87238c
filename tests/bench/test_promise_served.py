"""Pictures of several processes: the log tells which process has answered."""

from __future__ import annotations

from pathlib import Path

from bench.promise_served import answers_by_process

OF_FRONT_END = '{"event": "request", "process": "front-1", "generate_ms": 3.1}'
OF_REPLICA = '(ServeReplica:progan:replicas pid=4711) {"event": "request", "generate_ms": 3.1}'
OTHER = '{"event": "request", "process": "front-0", "route": "/health/ready"}'


def test_pictures_are_counted_by_front_end_and_by_replica(tmp_path: Path) -> None:
    """Requests without a picture, and lines of other programs, do not count."""
    log = tmp_path / "log"
    lines = [OF_FRONT_END, OF_REPLICA, OF_REPLICA, OTHER, "ready: http://127.0.0.1:8000"]
    log.write_text("\n".join(lines))

    assert answers_by_process(log) == {"front-1": 1, "replica 4711": 2}
