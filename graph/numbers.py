"""How a double is written: the shortest way that reads back as the same number.

It is plain from 0.0001 up to 1e16, and has a mantissa and an exponent beyond. The engine keeps doubles by value and writes
them without an exponent, 1e-320 with 322 characters; but the digits it writes are the fewest that will do, so that its
numbers only need their zeros taken away.
"""

import re

PLAIN_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")

LONG_NUMBER = rb"-?(?:0\.0000++[1-9][0-9]*+|[0-9]++)"
"""A pattern for what the engine writes and we write otherwise: what is below 0.0001, and what has no decimal point."""

# Where Python, too, begins to write an exponent.
_PLAIN_DIGITS = 16


def number_text(number: float) -> str:
    """The shortest way to write a number that reads back as the same double.

    >>> number_text(25), number_text(-0.5), number_text(1e-5)
    ('25.0', '-0.5', '1.0E-5')
    """
    mantissa, has_exponent, exponent = repr(float(number)).partition("e")
    if not has_exponent:
        return mantissa
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{int(exponent)}"


def shortest(lexical: str) -> str:
    """A double as the engine writes it, written the shortest way.

    What is no plain number (INF, NaN, or not a number at all) stays as it is.

    >>> shortest("0.00001"), shortest("INF")
    ('1.0E-5', 'INF')
    """
    return number_text(float(lexical)) if PLAIN_NUMBER.fullmatch(lexical) else lexical


def short_number(text: bytes) -> bytes:
    """What LONG_NUMBER matches, as `number_text` writes that number.

    >>> short_number(b"-0.000015"), short_number(b"25"), short_number(b"1" + 20 * b"0")
    (b'-1.5E-5', b'25.0', b'1.0E20')
    """
    if text[:2] == b"0.":
        digits = text.lstrip(b"0.")
        return b"%c.%bE-%d" % (digits[0], digits[1:] or b"0", len(text) - len(digits) - 1)
    if text[:1] == b"-":
        return b"-" + short_number(text[1:])
    if len(text) <= _PLAIN_DIGITS or text[:1] == b"0":
        return text + b".0"
    return b"%c.%bE%d" % (text[0], text[1:].rstrip(b"0") or b"0", len(text) - 1)
