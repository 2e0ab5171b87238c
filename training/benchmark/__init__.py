"""Published protocols that fit two processor cores, so that our objectives can be compared.

Owns Stacked MNIST: how many of 1,000 modes a generator finds. `digits` makes the data, `classifier`
reads digits, `networks` are those of the protocol, `game` trains them, `score` counts, `command`
is the command line. Knows no preset, bundle or service.
"""
