"""Backends that compute a network: eager PyTorch, OpenVINO, CUDA graphs."""
