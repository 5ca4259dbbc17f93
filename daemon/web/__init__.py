"""The web server: Alertmanager's webhook, the API and the page that reads it, probes, metrics."""
