"""Other people's ontology files: read into axioms, whatever their format, and written as RDF."""
