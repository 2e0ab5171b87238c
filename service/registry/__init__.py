"""Which models are served: registry, catalogue, the watched folder, hot reload."""
