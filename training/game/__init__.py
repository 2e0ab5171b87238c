"""One training step: state, schedule, optimizer step, averaged generator."""
