"""Words that point at a picture."""

import re

from pipeline.common.guards import Guarded
from pipeline.common.text import one_line

PICTURE_VI = (
    r"(?:trong|như|quan sát|dựa vào|xem|ở|theo|là|có|bởi|cho)\s+(?:các\s+)?hình(?:\s+(?:vẽ|ảnh))?\s*(?:\d+\s*)?(?:bên|sau|dưới|trên)(?!\s*(?:thức|dạng|thành|chữ))"
    r"|\bhình\s+(?:vẽ\s+)?bên(?:\s+(?:dưới|cạnh))?\b(?!\s+(?:trong|ngoài))|\bhình\s+vẽ\s+(?:sau|dưới|trên|bên|mô tả|minh họa|dưới đây)\b|\bnhư\s+hình\s+vẽ\b|\bhình\s+(?:ảnh\s+)?dưới\s+đây\b"
    r"|\bcho\s+(?:các\s+)?(?:biểu\s+đồ|đồ\s+thị\s+(?:sau|bên)|sơ\s+đồ\s+(?:sau|bên)|hình\s+vẽ|lược\s+đồ)\b"
    r"|\b(?:dựa\s+vào|căn\s+cứ\s+vào|căn\s+cứ|theo|quan\s+sát|từ|qua)\s+(?:các\s+)?(?:biểu\s+đồ|lược\s+đồ)(?:\s+(?:trên|sau|dưới|bên|đã\s+cho))?(?=\s*[,:.]|\s+(?:trên|sau|dưới|bên|đã))"
    r"|\bbiểu\s+đồ\s+(?:trên|bên|dưới\s+đây)\b|\bđồ\s+thị\s+(?:ở\s+)?(?:hình|bên)\b|\b(?:bức\s+)?(?:tranh|ảnh)\s+(?:bên|dưới\s+đây|sau\s+đây)\b"
    r"|(?:\A|(?<=[.?!:]\s)|(?<=\n))hình\s+(?:sau|dưới|trên)(?:\s+(?:đây|biểu|mô|cho|là|vẽ|thể))\b"
    r"|\b(?:quan\s+sát|nhìn\s+vào|xem)\s+(?:các\s+)?(?:hình|bức\s+tranh|bức\s+ảnh|hình\s+ảnh)\b(?!\s+(?:thức|dạng|thành|tượng|chữ|phạt))"
    r"|\b(?:trong|ở|theo|như|xem|trên)\s+hình\s+\d|(?:\A|(?<=[.?!:]\s)|(?<=\n))hình\s+\d{1,2}(?:[.]\d{1,2})?\s+(?:cho|biểu|mô|thể|là|vẽ|dưới|bên|sau)\b"
    r"|\((?:xem\s+)?(?:các\s+)?hình\s+(?:[^\W\d_]{1,8}\s+)?\d{1,3}\b"
    r"|\bbản\s+đồ\s+(?:trên|bên|dưới\s+đây|sau\s+đây)\b"
)
_PICTURE_WORD = r"(?:figures?|maps?|diagrams?|pictures?|images?|graphs?|charts?|photos?|photographs?|illustrations?|drawings?)"
PICTURE_EN = (
    rf"\b{_PICTURE_WORD}\s+(?:shown\s+)?(?:below|above|here|on\s+the\s+(?:right|left)|at\s+(?:the\s+)?(?:right|left))\b"
    rf"|\b(?:shown|depicted|illustrated|pictured|seen|labell?ed)\s+(?:in|on)\s+(?:the|this)\s+{_PICTURE_WORD}\b"
    r"|\b(?:shown|pictured|depicted)\s+(?:below|above|here)\b"
    rf"|\b(?:in|from|on|refer\s+to|look\s+at|see|use|using)\s+(?:the\s+(?:following|accompanying|adjacent|attached)|this)\s+{_PICTURE_WORD}\b"
    rf"|\b(?:following|accompanying|above|this)\s+{_PICTURE_WORD}\s+(?:shows?|represents?|depicts?)\b|\b(?:figure|fig\.|exhibit|diagram)\s+\d|\brefer\s+to\s+the\s+(?:exhibits?|graphic|topology|screenshot)\b|\b(?:figure|image)\s+not\s+(?:included|shown|available)\b"
    rf"|\bthe\s+{_PICTURE_WORD}\s+above\b|<img\b|!\[(?:[^\]!]|!(?!\[))*\]\("
)
MARKUP_PICTURE = r"\\includegraphics|\[(?:image|hình|img|picture|figure)[^\]]{0,40}\]|\[sound:[^\]\s]{1,200}\]"
PICTURE = Guarded(
    f"{PICTURE_VI}|{PICTURE_EN}|{MARKUP_PICTURE}",
    texts="hình|đồ|tranh|ảnh|figure|fig.|map|exhibit|graphic|topology|screenshot|diagram|pictur|imag|graph|chart|photo|illustrat|drawing|shown|depict|img|![|[sound",
    flags=re.IGNORECASE,
)


def picture_wanted(text: str) -> str | None:
    """The words (or signs) that point at a picture or a sound, or None. A printed atlas is no picture."""
    if not PICTURE.may_match(text):
        return None
    without_atlas = re.sub(r"\b[AÁ]t\s?-?l[aá]t\b[^,.;:\n]{0,60}", "", text, flags=re.IGNORECASE)
    match = PICTURE.pattern.search(without_atlas)
    return one_line(match[0]) if match else None
