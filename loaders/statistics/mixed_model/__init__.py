"""The mixed model framework (MM): a linear model with a batch effect, as the IMPC fits it to numeric parameters.

`design.py` lays out the animals, `sums.py` adds them up, `likelihood.py` fits one model, `selection.py` decides which,
`inference.py` tests its coefficients, `effect_size.py` scales them, `calibrated.py` tests without choosing. `testing.py`
does all of this for one line, compiled. `model.py` is the front door for one test, `many.py` that for all lines of a
stratum. `windowed.py` does it again within a soft window (`window.py`, `peaks.py`), `diagnostics.py` has the residuals for
plots. `plain_model.py` says it again in matrices, to be read and to be compared with.
"""
