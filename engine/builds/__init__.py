"""A build: what is asked of it, how it is made, where its files lie, and the opened whole."""
