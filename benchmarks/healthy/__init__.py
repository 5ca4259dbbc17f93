"""Healthy releases in a row on the real cluster: how many are rolled back."""
