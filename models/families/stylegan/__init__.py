"""StyleGAN2 (Karras et al. 2020): configuration, entrance, both networks."""
