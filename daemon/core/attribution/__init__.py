"""Deployment or infrastructure? What a failure that was found is attributed to."""
