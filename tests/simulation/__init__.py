"""The simulation with all that can go wrong; the package ships the simulation alone."""
