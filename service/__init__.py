"""How the networks are served: images by seed over HTTP. Knows `models`, not `training`."""
