"""How the functions of this folder are compiled: kept on disk, and dividing as IEEE 754 has it, by 0 too."""

from numba import njit

compiled = njit(cache=True, error_model="numpy")
