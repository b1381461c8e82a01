"""The door: SPARQL over HTTP, pages, and the command line."""
