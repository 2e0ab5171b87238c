"""The service: pictures by seed over HTTP. Knows `models`, but not `training`."""
