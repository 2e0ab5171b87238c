"""The Progressive GAN (Karras et al. 2018): configuration, entrance, both networks, exits."""
