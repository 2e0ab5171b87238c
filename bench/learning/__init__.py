"""What `bench/training.py` is made of: the peer, settings of equal width, rounds, shares, runs."""
