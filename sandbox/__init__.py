"""A local AWS for one project, in which the caches are real."""
