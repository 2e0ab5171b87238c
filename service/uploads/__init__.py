"""Pictures that clients send: hostile until proved otherwise, bounded before they are decoded."""
