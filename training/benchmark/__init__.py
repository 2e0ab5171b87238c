"""Published protocols that fit two processor cores, so that our objectives can be compared.

Owns Stacked MNIST: how many of 1,000 modes a generator finds. `digits` makes the data, `classifier`
reads digits, `networks` has the networks of the published protocol, `game` trains them, `score`
counts modes. The command is `training.commands.benchmark`. Knows no preset, bundle or service.
"""
