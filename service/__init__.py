"""How the networks are served: pictures by seed, over HTTP. Knows models, never training."""
