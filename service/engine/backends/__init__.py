"""How a network is computed: eager PyTorch, OpenVINO, CUDA graphs."""
