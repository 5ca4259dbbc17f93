"""Measurements, run by hand or nightly; nothing here is a test."""
