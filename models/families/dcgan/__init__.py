"""The DCGAN (Radford et al. 2016): configuration, entrance, both networks, initial weights."""
