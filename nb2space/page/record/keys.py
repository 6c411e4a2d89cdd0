"""The texts by which tables name the values of controls, as the page's JavaScript writes them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

# From here on JavaScript writes numbers with an exponent.
_LARGE = 21
_SMALL = -6


def row_key(values: Sequence[Any]) -> str:
    """The key of a table's row: the values of its inputs."""
    return "|".join(key_of(value) for value in values)


def key_of(value: Any) -> str:
    """The text of one value."""
    if value is None or isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int | float):
        return _number(float(value))
    if isinstance(value, list | tuple):
        return "[" + ",".join(key_of(item) for item in value) + "]"
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _number(value: float) -> str:
    """As JavaScript writes `String(+value.toPrecision(10))`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, power = f"{abs(value):.9e}".partition("e")
    digits, exponent = mantissa.replace(".", "").rstrip("0"), int(power)
    if exponent >= _LARGE or exponent < _SMALL:
        fraction = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{fraction}e{'+' if exponent > 0 else '-'}{abs(exponent)}"
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    whole, fraction = digits[: exponent + 1].ljust(exponent + 1, "0"), digits[exponent + 1 :]
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"
