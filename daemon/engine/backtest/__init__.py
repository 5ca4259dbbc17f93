"""Past rollouts, found in the metrics' own pod labels and judged again by the code that judges live ones."""
