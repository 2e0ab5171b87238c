"""Observability for operators: metrics, engine health, spans, log lines."""
