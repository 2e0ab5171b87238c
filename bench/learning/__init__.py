"""Parts of `bench/training.py`: the peer, settings of equal width, rounds, shares, runs."""
