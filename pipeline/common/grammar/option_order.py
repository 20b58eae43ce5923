"""Whether the options of a question may stand in another order."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from pipeline.common.grammar.amounts import amount

# A capital behind what tests call an option; "answer a question" names none.
_LETTERED = re.compile(r"\b(?i:options?|choices?|answers?|phương án|đáp án|lựa chọn)\s\(?[A-J]\b")


def order_matters(question: Mapping[str, Any]) -> bool:
    """Whether the options of a question must stay in their order: one refers to others (`fixed_order`, as parsing found), they are
    numbers that rise or fall, or stem or context call one by its letter.

    >>> ask = {"stem": "Which year?", "context": None, "fixed_order": False}
    >>> order_matters({**ask, "options": ["1945", "1954", "1975"]}), order_matters({**ask, "options": ["Huế", "Hà Nội"]})
    (True, False)
    >>> order_matters({"stem": "Why is option B wrong?", "context": None, "fixed_order": False, "options": ["x", "y"]})
    True
    """
    texts = (question["stem"], question["context"] or "")
    return bool(question["fixed_order"]) or in_order(question["options"]) or any(map(_LETTERED.search, texts))


def in_order(options: Sequence[str]) -> bool:
    """Whether options are at least three numbers of one unit that rise or fall, as writers of tests order them (Haladyna, Downing and
    Rodriguez 2002, guideline 21).

    >>> in_order(["1945", "1954", "1975"]), in_order(["3 m", "2 m", "1 m"]), in_order(["2", "1", "3"]), in_order(["1", "2"])
    (True, True, False, False)
    """
    found = [amount(option) for option in options]
    numbers = [one for one in found if one is not None]
    if len(found) < 3 or len(numbers) < len(found) or len({(one.unit, one.percent) for one in numbers}) > 1:
        return False
    steps = [right.value - left.value for left, right in pairwise(numbers)]
    return all(step > 0 for step in steps) or all(step < 0 for step in steps)
