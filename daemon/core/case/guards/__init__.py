"""What keeps the daemon from acting on a workload for now, whatever the evidence says."""
