"""Prometheus and what speaks its API: signals, gauges, and the past."""
