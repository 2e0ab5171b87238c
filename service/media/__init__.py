"""Encoding of pixels into files: PNG, WebP, JPEG, GIF, MP4, archives, provenance."""
