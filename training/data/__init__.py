"""Data sets: sources of pictures, preparation, the manifest and the endless stream."""
