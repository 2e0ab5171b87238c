"""A reader of parts: judges pictures whose parts are known by features of its own.

`known` tells the parts of prepared pictures, `network` and `distortions` are what the reader is
made of and learns from, `reader` reads pictures, `learning` trains one, `keeping` keeps it beside
the data, `score` compares readings. Knows no run and no command.
"""
