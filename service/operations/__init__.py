"""What operators see: metrics, engine health, spans, log lines."""
