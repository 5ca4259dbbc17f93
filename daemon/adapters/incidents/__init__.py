"""Where incidents are told; ``registry`` knows all sinks by name."""
