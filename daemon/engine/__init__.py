"""The loops: they gather what the core decides on, store what it decided, and carry it out."""
