"""The models that are served: registry, catalogue, watched folders of bundles, hot reload."""
