"""Layers that families share: of the Progressive GAN, with spectral normalisation, resampling."""
