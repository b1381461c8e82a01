"""What counts as significant, in all frameworks, and how OpenStats words it."""

from collections.abc import Mapping

# A result at or below this p-value may earn a call (impc_stats_pipeline b3320a4f, loader.R).
SIGNIFICANCE = 1e-4

LEVEL = "1e-04"
"""The same as R writes it."""

SEXES: Mapping[str, str] = {"Male": "males", "Female": "females"}
"""The sexes in the order in which OpenStats' tags name them, and what they are called there."""
