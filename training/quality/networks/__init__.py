"""Frozen feature networks: EfficientNet-Lite0 and Inception v3."""
