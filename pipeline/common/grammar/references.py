"""Options that refer to others, so that their order must stay."""

import re

from pipeline.common.guards import Guarded
from pipeline.common.text import fold

_TWO_LETTERS = re.compile(r"(?:both |cả )?\(?[A-J]\)? ?(?:,|and|or|và|&) ?\(?[A-J]\)?\b", re.IGNORECASE)
_NAMED_LETTERS = Guarded(r"^(?:cả|both|either|neither)\s+\(?[A-J]\)?\b.*\b[A-J]\b", texts="cả|both|either")
# Of a folded option.
_ALL_OR_NONE = Guarded(
    r"\b(?:all|none|any|both|neither|either|two) of (?:the )?(?:above|following|other (?:answers|options|choices))\b|^(?:all|none|any|both|neither) of (?:these|them|those)\W*$"
    r"|^(?=tất cả|cả|không|các|đáp án|câu|phương án).*\b(?:tất cả|cả (?:hai|ba|bốn|2|3|4|\w))?(?:đáp án|phương án|câu|ý|nội dung|ý kiến)\s*(?:trên|còn lại|kia|[a-j](?:\s*,|\s+và))"
    r"|^cả [a-j]\b(?:\s*,|\s+và|\s+lẫn)|^(?:tất cả đều (?:đúng|sai)|tất cả(?: các)? (?:đều )?(?:đúng|sai))\W*$|^cả (?:hai|ba|bốn|2|3|4) (?:đều|ý|câu|đáp án|phương án|nội dung)\b",
    texts=" of |cả|không|các|đáp án|câu|phương án",
)


def refers_to_others(option: str) -> bool:
    """True for an option whose meaning hangs on the others or their order.

    >>> [refers_to_others(o) for o in ("Tất cả các đáp án trên", "Both A and B", "All of the above.", "All of Me", "Cả nước")]
    [True, True, True, False, False]
    """
    if len(option) > 80:
        return False
    if _TWO_LETTERS.fullmatch(option.strip(" .")) or _NAMED_LETTERS.search(option):
        return True
    return _ALL_OR_NONE.may_match(option.lower()) and _ALL_OR_NONE.pattern.search(fold(option)) is not None
