"""The Progressive GAN (Karras et al. 2018): configuration, growth, both networks, exits."""
