"""Counts, likelihoods, sequential tests and change points. No word of Kubernetes, of pods or of cases."""
