"""Pictures in: sources, preparation, the manifest, and the endless stream."""
