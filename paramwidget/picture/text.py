"""Numbers as short text, for cells, rows and panels."""

from __future__ import annotations

import math

DIGITS = 5
UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def number(value: float | int | complex | None, digits: int = DIGITS) -> str:
    """At most ``digits`` significant digits; integers in full; NaN, ∞, -∞ by name; None as a dash.

    >>> number(0.0000123456789), number(-1.5), number(float("-inf")), number(2**60)
    ('1.2346e-5', '-1.5', '-∞', '1152921504606846976')
    """
    if value is None:
        return "–"
    if isinstance(value, int):
        return str(int(value)) if not isinstance(value, bool) else str(value)
    if isinstance(value, complex):
        sign = "-" if math.copysign(1.0, value.imag) < 0 else "+"
        return f"{number(value.real, digits)}{sign}{number(abs(value.imag), digits)}i"
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    mantissa, exponent, power = f"{value:.{digits}g}".partition("e")
    return f"{mantissa}e{int(power)}" if exponent else mantissa


def short(value: float | int | None) -> str:
    """``number`` in three digits, for columns of numbers."""
    return number(value, 3)


def alarms(nan: int, inf: int) -> list[str]:
    """What is wrong with a tensor's elements, and in how many.

    >>> alarms(0, 0), alarms(3, 1)
    ([], ['3 NaN', '1 Inf'])
    """
    return [f"{count} {what}" for count, what in ((nan, "NaN"), (inf, "Inf")) if count]


def bytes_of(count: int) -> str:
    """A number of bytes in the unit that suits it, 1 KiB being 1024 bytes.

    >>> bytes_of(999), bytes_of(1536), bytes_of(3 * 2**30)
    ('999 B', '1.5 KiB', '3 GiB')
    """
    for unit in range(len(UNITS)):
        size = count / 1024**unit
        if size < 1000 or unit == len(UNITS) - 1:
            break
    return f"{size:.{3 if unit else 4}g} {UNITS[unit]}"
