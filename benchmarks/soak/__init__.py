"""A day of releases in simulated time: does the daemon hold more at its end than it needs?"""
