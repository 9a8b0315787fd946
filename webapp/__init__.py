"""A web application that shows what a cache is for: one slow statement, asked of the database or of the cache."""
