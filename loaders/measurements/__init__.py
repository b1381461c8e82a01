"""A table of animals of your own, to results and calls: what `impckg analyse` does.

`columns.py` knows what tables call their columns, `reading.py` makes measurements of rows and puts aside what cannot be one,
`parameters.py` says what is known of each parameter, `testing.py` tests every line, `judged.py` takes what centres judged
themselves, `results.py` makes tables of what came of it, and `graph.py` statements: with `hypotheses.py`, which says what
each p-value is of, and `animals.py`, which writes the file of animals that results name.
"""
