"""Which framework a parameter takes, and which category labels say that nothing was seen.

Source: mpi2/impc_stats_pipeline b3320a4f, getMethodi with MethodMap.conf, and CategoryMap.conf. The map holds 24,801 keys,
all for reference ranges: names of centres times parameters times versions. Here are the patterns that they were made from.
"""

import re
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from impckg.loaders.statistics.gates import Framework

# A parameter is prefix_PROCEDURE_parameter_version. Prefixes of EUMODIC and GMC have numbers instead of letters.
_REFERENCE_RANGE = re.compile(
    r"_ABR_(00[12468]|01[0246])_00[1-6]"
    r"|_PBI_(00[1-9]|0[1-3]\d|040)_00[1-6]"
    r"|_XRY_(00[89]|01[34567]|028)_00[1-6]"
    r"|[A-Z]_(006|925)_001_00[1-6]"
    r"|ESLIM_006_001_(01[56]|02[4578]|031)"
    r"|GMC_925_001_(01[56]|02[578]|031)"
)
"""Thresholds of hearing, immunophenotyping, and counts of bones and digits."""

_MISSING = {
    "imageonly",
    "no data",
    "no data for both eyes",
    "no data left eye",
    "no data right eye",
    "not defined",
    "unobservable",
}
"""Labels, in lower case, that say that an animal was not seen."""

_ONE_EYE: Mapping[str, str] = {
    "no data left eye, present right eye": "present right eye",
    "no data right eye, present left eye": "present left eye",
    "no data left eye, right eye abnormal": "right eye abnormal",
    "no data right eye, left eye abnormal": "left eye abnormal",
    "no data right eye, left eye dilated": "left eye dilated",
    "no data left eye, right eye dilated": "right eye dilated",
    "no data right eye, left eye closed": "left eye closed",
    "no data left eye, right eye closed": "right eye closed",
}
"""Labels of animals of which one eye was seen, and the label of that eye."""


def framework_of(parameter: str, is_numeric: bool) -> Framework:
    """The framework that a parameter is tested in.

    parameter: its stable identifier in IMPReSS, or any other name. is_numeric: whether its values are numbers.

    >>> framework_of("IMPC_ABR_006_001", True), framework_of("IMPC_EYE_007_001", False)
    (<Framework.REFERENCE_RANGE: 'RR'>, <Framework.FISHER: 'FE'>)
    """
    if not is_numeric:
        return Framework.FISHER
    return Framework.REFERENCE_RANGE if _REFERENCE_RANGE.search(parameter) else Framework.MIXED_MODEL


def plain_categories(labels: npt.NDArray[np.str_]) -> npt.NDArray[np.str_]:
    """Labels as they are tested: "" for those that say that nothing was seen, and one eye told like two.

    labels: shape (animals,); "" for what is missing.

    >>> plain_categories(np.array(["imageOnly", "no data left eye, right eye closed", "normal"])).tolist()
    ['', 'right eye closed', 'normal']
    """
    kept, places = np.unique(labels, return_inverse=True)
    plain = [
        "" if label.casefold() in _MISSING else _ONE_EYE.get(label, label)
        for label in map(str.strip, kept.tolist())
    ]
    return np.array(plain, dtype=np.str_)[places] if plain else labels
