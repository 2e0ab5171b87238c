"""BigGAN (Brock et al. 2019): configuration, both networks, initial weights."""
