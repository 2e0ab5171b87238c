"""The GAN objectives as functions: losses, gradient penalties, augmentation, random draws."""
