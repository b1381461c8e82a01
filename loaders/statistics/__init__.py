"""From measurements to results: the statistical frameworks of the IMPC, one module each."""
