"""Published protocols that run on two processor cores, for comparison of our objectives.

Owns Stacked MNIST: the number of 1,000 modes that a generator finds. `digits` makes the data,
`classifier` classifies digits, `networks` has the networks of the published protocol and `config`
their shapes, `trial` has the settings, `game` trains with the step of every run, `score` counts
modes. `parts` judges networks by the parts of their pictures. The commands are
`training.commands.benchmark` and `benchmark_parts`. Knows no preset, bundle or service.
"""
