"""Recorded samples: read line by line, and judged case by case."""
