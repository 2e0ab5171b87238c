"""Training of the networks: pictures in, a bundle out. Knows nothing of the service."""
