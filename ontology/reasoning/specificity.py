"""How specific classes are, by how many others are below them."""

from collections.abc import Sequence

import numpy as np
import polars as pl


def normalized_information_content(classes: Sequence[str], below: pl.DataFrame) -> pl.DataFrame:
    """How specific each class is: 0 where all others are below it, 100 where none is.

    below: two columns, a class and one that it is below or part of; a class need not be below itself.

    Returns class and score, in the order of the classes: minus the logarithm of the share of classes below, itself
    included, in percent of the most that it can be. Of a single class, 0.

    Source: Ubergraph, https://github.com/INCATools/ubergraph, which counts what is a subclass or a part.

    >>> normalized_information_content(["a", "b", "c"], pl.DataFrame({"lower": ["b", "c"], "higher": ["a", "a"]})).rows()
    [('a', 0.0), ('b', 100.0), ('c', 100.0)]
    """
    lower, higher = below.columns
    others = below.filter(pl.col(lower) != pl.col(higher)).unique()
    counts = others.group_by(pl.col(higher).alias("class")).len("others")
    found = pl.DataFrame({"class": classes}, schema={"class": pl.String})
    found = found.join(counts, on="class", how="left", maintain_order="left")
    most = np.log(len(classes)) if len(classes) > 1 else 1.0
    share = (pl.col("others").fill_null(0) + 1) / max(len(classes), 1)
    return found.select("class", score=(100 * share.log() / most).abs())
