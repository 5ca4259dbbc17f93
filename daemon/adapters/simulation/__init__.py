"""In-memory twins of the adapters, for the demo and the fast tests; tests/contract keeps them honest."""
