"""Which words frame a question, deny, compare or limit it, in their normal form."""

import re
from itertools import permutations

from pipeline.common.words import ROMAN, normal_word, word_set

NEGATIONS = word_set(
    "không chưa chẳng ngoại trừ not except never no neither nor without isn't aren't doesn't don't didn't wasn't cannot sai incorrect false"
)
STOPWORDS = word_set(
    """là của và các những một được có cho với trong ở về nào sau dưới đây trên gì ai hãy biết theo thì mà ra vào bởi do để khi từ đã
    câu hỏi chọn đáp án này đó ấy rằng như việc sự cái nội dung phát biểu ý hay
    the a an of in on at to is are was were be been by for and or as with that this these those it its his her their what which who whom
    whose when where how do does did has have had following name called known it's also you your can could would will
    question mark letter answer sheet indicate st nd rd th"""
)
# Small words that turn a question round when one stands for another: input and output, vào and ra.
DIRECTIONS = word_set("vào ra trong ngoài trên dưới trước sau từ đến into out from to by before after up down")
SUPERLATIVES = word_set(
    "nhất most least best largest biggest smallest highest lowest longest shortest oldest main chủ yếu first last đầu tiên cuối"
)
EXTREMES = SUPERLATIVES - word_set("main chủ yếu first last đầu tiên cuối")
# Answers that say nothing by themselves.
GENERIC = word_set("all both none any of these them the above and a b c d or tất cả các đáp án trên đều đúng sai cả và không")
ASKING = word_set("nào sau dưới đây là gì của thì các những hãy ai ở what which who is was the a an of does did")
OPPOSITES = word_set(
    """tăng giảm lớn nhỏ cao thấp nhiều ít đông tây nam bắc trái phải dương âm trước sau trong ngoài nhanh chậm mạnh yếu đầu cuối dài ngắn sớm
    muộn trên dưới increase decrease increases decreases high low higher lower more less fewer large small left right north south east west
    before after first last positive negative always sometimes"""
)
COMPARISONS = word_set("hơn than > < before after trước")
# Words that narrow or widen what is asked.
LIMITS = word_set("chỉ luôn mọi tất cả hoàn toàn only all any each every both always some none more less fewer")
# Words that frame a question and could be left out of it.
FILLER = word_set(
    """lĩnh vực khái niệm thể hiện biểu hình thức mang tính gọi trường hợp phạm vi vùng thuộc tỉnh điều vậy mình họ ta nó nền cuộc kia lần
    giai đoạn khoảng thời năm nay số tiến hành đúng đắn nhằm nhờ bằng qua đối giữa cùng đều cũng thường làm phải cần nên đến nước ngành kinh tế
    một loại dạng kiểu quy qui định vốn tên tại ngày tháng thập kỉ quá trình quan hệ nói kết quả nhau kí
    movie film show tv television series program sitcom song hit big huge great famous popular legendary well widely actor actress singer
    musician rapper rock pop star character played plays play role group band team game book novel story
    city country place thing term word words type kind sort used use using said saying says statement true real really actually original
    old new young ever just also being same name names named so such then there they he she we i us me them about into year date time"""
)
# Function words of an option: "lợi ích người dân", "lợi ích của người dân".
ARTICLES = word_set("của là các những được ở về trong thì mà bởi the a an")
_SYNONYMS = """hiện nay|ngày nay|hiện đại; mọi|bất kì|bất cứ|tất cả; khó khăn|trở ngại; mình|con người; chủ trương|quyết định; khác biệt|khác nhau
như nhau|ngang nhau|bằng nhau; văn kiện|văn bản; thảo luận|bàn|bàn bạc; vi phạm|xâm phạm; ảnh hưởng|tác động; đô thị|thành phố; quan trọng|lớn
triển khai|thực hiện; hình thành|ra đời|thành lập; nguyên nhân|lí do; ý nghĩa|vai trò; đồ thị|biểu đồ; phát biểu|ý kiến; sửa đổi|thay đổi
author|wrote|written|writer|write; begin|began|start|started|debut|debuted|premiere|premiered|appear|air|aired|airwaves; compose|composed|write|wrote|written
last|final; kind|type|sort; movie|film; partial|incomplete; won|win|received|awarded; died|death|die; buy|purchase; represent|depict|represents|depicts
attempt|attempting|trying; capital|capital city; usa|us|united states|america; ends|ending; own|have; attained|reach|reached; voice|voices"""
# Word -> pairs of phrases of which the left one begins with it; words that both hold are left out.
SYNONYMS: dict[str, list[tuple[frozenset[str], frozenset[str]]]] = {}
for _group in re.split(r"[;\n]", _SYNONYMS):
    for _left, _right in permutations([word_set(side) for side in _group.split("|")], 2):
        if _left - _right and _right - _left:
            SYNONYMS.setdefault(min(_left - _right), []).append((_left - _right, _right - _left))


def names_in(text: str) -> set[str]:
    """Words with a capital that doesn't open a sentence, and Roman numerals."""
    found = set()
    for match in re.finditer(r"[^\W\d_]+", text):
        word = match[0]
        if not word[0].isupper() or (len(word) == 1 and word in "AI"):
            continue
        before = text[: match.start()].rstrip(" \"'“”‘’(")
        if (before and before[-1] not in ".?!:\n") or (len(word) <= 5 and ROMAN.fullmatch(word)):
            found.add(normal_word(word))
    return found
