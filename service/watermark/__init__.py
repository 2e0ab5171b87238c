"""The invisible watermark: its key, its payload, its pattern and its detector; without torch."""
