"""Meaning: the terms of ontologies, their hierarchies, and what follows from them."""
