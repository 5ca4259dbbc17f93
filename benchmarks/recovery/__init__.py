"""How long from a bad release to the last bad pod, and to the proven recovery, on the real cluster."""
