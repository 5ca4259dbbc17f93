"""The decisions: values in, values out. No clock, no I/O, no thread, no client library."""
