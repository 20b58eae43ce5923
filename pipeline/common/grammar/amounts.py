"""Numbers as options hold them: with a sign, a unit, a fraction, and decimals in either way of writing."""

import re
from typing import NamedTuple

_AMOUNT = re.compile(
    r"\s*+(?:(?P<currency>[$€£])\s*+)?(?:(?P<sign>[-+−–])\s*+)?(?P<currency2>[$€£])?(?P<number>\d[\d.,]*)(?:\s?/\s?(?P<over>\d+))?\s*+(?:(?P<unit>%|[^\W\d_][^\W_]{0,11}(?:/[^\W_]{1,4})?\.?)\s*+)?(?:\.\s*+)?"
)
_SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "nghìn": 1e3, "triệu": 1e6, "tỉ": 1e9, "tỷ": 1e9}


class Amount(NamedTuple):
    """A number with what stands around it: `1.5 m` is 1.5 and "m"; a percentage is divided by 100."""

    value: float
    unit: str
    percent: bool


def amount(text: str) -> Amount | None:
    """The number that a text is, with its unit.

    >>> amount("50 %"), amount("-1/2"), amount("1,5 m"), amount("12,000 kg.")
    (Amount(value=0.5, unit='', percent=True), Amount(value=-0.5, unit='', percent=False), Amount(value=1.5, unit='m', percent=False), Amount(value=12000.0, unit='kg', percent=False))
    """
    if len(text) > 40:
        return None
    match = _AMOUNT.fullmatch(text)
    if not match:
        return None
    value = plain_number(match["number"].rstrip(".,"))
    if value is None:
        return None
    if match["over"]:
        if int(match["over"]) == 0:
            return None
        value /= int(match["over"])
    unit = (match["unit"] or "").rstrip(".").lower()
    if match["sign"] and match["sign"] != "+":
        value = -value
    value *= _SCALES.get(unit, 1)
    if unit in _SCALES:
        unit = ""
    if unit == "%":
        return Amount(value / 100, "", True)
    return Amount(value, match["currency"] or match["currency2"] or unit, False)


def plain_number(text: str) -> float | None:
    """A decimal with a point or a comma. Three digits behind a single separator are thousands, unless a zero stands before it."""
    separators = [c for c in text if c in ".,"]
    if len(separators) == 1:
        whole, _, rest = text.replace(",", ".").partition(".")
        text = whole + rest if len(rest) == 3 and whole not in ("0", "") else f"{whole}.{rest}"
    elif len(set(separators)) == 2:
        last = max(text.rfind("."), text.rfind(","))
        text = text[:last].replace(".", "").replace(",", "") + "." + text[last + 1 :]
    elif separators:
        text = text.replace(".", "").replace(",", "")
    try:
        return float(text)
    except ValueError:
        return None
