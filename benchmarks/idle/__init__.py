"""What the daemon costs while nothing happens, and how soon it is ready."""
