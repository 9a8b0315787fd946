"""Drawings of what an environment makes, from the resources that the program declares for it."""
