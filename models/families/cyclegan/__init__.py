"""The CycleGAN (Zhu et al. 2017): configuration, entrance, networks, initial weights."""
