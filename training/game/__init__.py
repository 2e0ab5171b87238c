"""One training step: state, schedule, optimiser step, averaged weights."""
