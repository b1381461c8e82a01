"""What the graph says, and where it is kept: schema, names, statements, store, checks."""
