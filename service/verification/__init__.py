"""Proofs of a picture's origin: its credentials, its watermark, and making it again."""
