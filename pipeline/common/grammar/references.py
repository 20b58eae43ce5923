"""Options that refer to others, so that their order must stay."""

import re

from pipeline.common.text import fold

_TWO_LETTERS = re.compile(r"(?:both |cả )?\(?[A-J]\)? ?(?:,|and|or|và|&) ?\(?[A-J]\)?\b", re.IGNORECASE)
# How an option that refers to others begins, where it doesn't say "of the above".
_REFERRING = (
    "all",
    "none",
    "any",
    "both",
    "neither",
    "either",
    "two",
    "tất cả",
    "cả",
    "không",
    "các",
    "đáp án",
    "câu",
    "phương án",
    "ý",
    "nội dung",
)


def refers_to_others(option: str) -> bool:
    """True for an option whose meaning hangs on the others or their order.

    >>> [refers_to_others(o) for o in ("Tất cả các đáp án trên", "Both A and B", "All of the above.", "All of Me", "Cả nước")]
    [True, True, True, False, False]
    """
    if len(option) > 80:
        return False
    lower = option.lower()
    referring = lower.startswith(_REFERRING) or " of " in lower
    if not referring and len(option) > 12:
        return False
    if _TWO_LETTERS.fullmatch(option.strip(" .")):
        return True
    if not referring:
        return False
    folded = fold(option)
    if re.match(r"(?:cả|both|either|neither)\s+\(?[A-J]\)?\b.*\b[A-J]\b", option):
        return True
    return bool(
        re.search(r"\b(?:all|none|any|both|neither|either|two) of (?:the )?(?:above|following|other (?:answers|options|choices))\b", folded)
        or re.fullmatch(r"(?:all|none|any|both|neither) of (?:these|them|those)\W*", folded)
        or (
            re.search(
                r"\b(?:tất cả|cả (?:hai|ba|bốn|2|3|4|\w))?\s*(?:các )?(?:đáp án|phương án|câu|ý|nội dung|ý kiến)\s*(?:trên|còn lại|kia|[a-j](?:\s*,|\s+và))",
                folded,
            )
            and re.match(r"(?:tất cả|cả|không|các|đáp án|câu|phương án)", folded)
        )
        or re.match(r"cả [a-j]\b(?:\s*,|\s+và|\s+lẫn)", folded)
        or re.fullmatch(
            r"(?:tất cả đều (?:đúng|sai)|tất cả(?: các)? (?:đều )?(?:đúng|sai)|cả (?:hai|ba|bốn|2|3|4) (?:đều|ý|câu|đáp án|phương án|nội dung)\b.*)\W*",
            folded,
        )
    )
