"""From cumulative counters to the state of a signal: increments, baseline, bounds and evidence."""
