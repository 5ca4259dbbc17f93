"""Where incidents are delivered; ``registry`` knows all sinks by name."""
