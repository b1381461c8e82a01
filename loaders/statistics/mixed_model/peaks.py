"""The dates around which a window is opened: those with mutants, or some of them as R would draw them.

Windows with more peaks than MOST_PEAKS are opened around so many, drawn by R's `sample` after `set.seed(123456)`. To be
compatible, the draw is made as R makes it.

Source: PhenStatWindow (mpi2/impc_stats_pipeline b3320a4f); R 4, RNG.c and unique.c: Mersenne Twister of Matsumoto and
Nishimura 1998, rejection sampling.
"""

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]

MOST_PEAKS = 15
SEED = 123456

_WORDS = 624
_MULTIPLIER = 69069
_SCRAMBLED = 50


def chosen_peaks(days: IntArray) -> IntArray:
    """The peaks, in order of time. days: shape (mutants,); of their measurements.

    >>> chosen_peaks(np.array([8, 3, 8])).tolist()
    [3, 8]
    """
    distinct = np.unique(days)
    if len(distinct) <= MOST_PEAKS:
        return distinct
    return np.sort(distinct[drawn(len(distinct), MOST_PEAKS, SEED)])


def drawn(number: int, size: int, seed: int) -> IntArray:
    """What R draws of so many things, without putting any back: shape (size,); from 0.

    >>> (drawn(10, 10, 123) + 1).tolist()
    [3, 10, 2, 8, 6, 9, 1, 7, 5, 4]
    """
    random = _r_generator(seed)
    left = list(range(number))
    places = []
    for _ in range(size):
        at = _index_below(len(left), random)
        places.append(left[at])
        left[at] = left[-1]
        left.pop()
    return np.array(places, dtype=np.int64)


def _r_generator(seed: int) -> np.random.RandomState:
    """A Mersenne Twister in the state that R's `set.seed` brings it to."""
    state, words = seed, []
    for step in range(_SCRAMBLED + 1 + _WORDS):
        state = (_MULTIPLIER * state + 1) % 2**32
        # The first word after the scrambling is a place that R sets itself.
        if step > _SCRAMBLED:
            words.append(state)
    generator = np.random.RandomState()
    generator.set_state(("MT19937", np.array(words, dtype=np.uint32), _WORDS, 0, 0.0))
    return generator


def _index_below(number: int, random: np.random.RandomState) -> int:
    """A random place below a number: bits are drawn until they are below it."""
    bits = int(np.ceil(np.log2(number))) if number > 1 else 0
    while True:
        value = 0
        for _ in range(0, bits + 1, 16):
            # R divides the words of its generator by 2^32, a little less than their range.
            word = int(random.randint(0, 2**32, dtype=np.uint32))
            value = 65536 * value + int(word * 2.3283064365386963e-10 * 65536)
        value &= (1 << bits) - 1
        if value < number:
            return value
