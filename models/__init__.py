"""What the networks are: shared by training and service, and knowing neither."""
