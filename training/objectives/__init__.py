"""The adversarial game as functions: losses, gradient penalties, augmentation, random draws."""
