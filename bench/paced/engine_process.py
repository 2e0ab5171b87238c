"""An engine process with a paced engine, for `bench.paced.tree_server`."""

from __future__ import annotations

from bench.paced.server import open_paced_engine
from service.processes.engine_process import serve_engine

if __name__ == "__main__":
    serve_engine(open_paced_engine)
