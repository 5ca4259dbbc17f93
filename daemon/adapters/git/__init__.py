"""What Git says of a workload, set back by a commit."""
