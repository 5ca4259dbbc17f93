"""rollbackd: watches Kubernetes Deployments after every rollout and rolls back what broke the service."""

__version__ = "0.1.0"
