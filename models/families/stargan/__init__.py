"""The StarGAN (Choi et al. 2018): configuration, generator, discriminator."""
