"""What a workload costs in a small and in a large fleet, in one process and without a cluster."""
