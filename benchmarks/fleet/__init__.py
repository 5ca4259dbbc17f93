"""What the daemon costs at the size of a fleet, on a real API server with pods that exist there alone."""
