"""Network definitions, shared by training and service; imports neither."""
