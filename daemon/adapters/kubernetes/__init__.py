"""Kubernetes: raw requests through the official client's transport, decoded into partial structs."""
