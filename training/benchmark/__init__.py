"""Published protocols that run on two processor cores, for comparison of our objectives.

Owns Stacked MNIST: the number of 1,000 modes that a generator finds. `digits` makes the data,
`classifier` classifies digits, `networks` has the networks of the published protocol, `game` trains
them, `score` counts modes. The command is `training.commands.benchmark`. Knows no preset, bundle or
service.
"""
