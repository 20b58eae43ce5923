"""The spreadsheet that reviewers fill in: its columns, its words of decision, and what its pages say, in Vietnamese and English."""

from typing import NamedTuple

from pipeline.common.letters import LETTERS

SHEET, INSTRUCTIONS, HIDDEN = "review", "huong dan - how to", "mcq_foundry"
MIN_OPTION_COLUMNS = 4
MAX_CELL_CHARS = 32_767
# What the reviewer may choose -> the action that it means.
WORDS = {"accept": "accept", "reject": "reject", "set answer": "set_answer", "edit": "edit", "note": "note"}


class Column(NamedTuple):
    """`name` is what the import goes by; `head` is what stands in the first row; `width` is in characters."""

    name: str
    vietnamese: str
    width: int
    is_open: bool = False

    @property
    def head(self) -> str:
        """English, then Vietnamese below it."""
        return f"{self.name}\n{self.vietnamese}"


def columns(options: int) -> list[Column]:
    """All columns of a sheet with so many option columns, in order: what is read and filled in first, ids last."""
    return [
        Column("stem", "câu hỏi", 44, True),
        *(Column(f"option {letter}", f"phương án {letter}", 18, True) for letter in LETTERS[:options]),
        Column("key", "đáp án", 8, True),
        Column("decision", "quyết định", 13, True),
        Column("new key", "đáp án mới", 13, True),
        Column("why", "vì sao", 28, True),
        Column("reasons", "lý do", 44),
        Column("other side", "bản ghi kia", 40),
        Column("explanation", "lời giải", 30),
        Column("context", "ngữ cảnh", 32, True),
        Column("verdict", "kết quả", 13),
        Column("file", "tệp", 24),
        Column("locator", "vị trí", 26),
        Column("record_id", "mã bản ghi", 18),
        Column("content_id", "mã nội dung", 18),
    ]


# A paragraph a row: Vietnamese, English.
HOW_TO = (
    (
        "Câu hỏi nằm ở trang “review”, mỗi dòng một bản ghi. Chỉ điền vào các ô trắng; ô xám chỉ để đọc.",
        "The questions are on the sheet “review”, one record a row. Fill in white cells only; grey ones are to read.",
    ),
    (
        "Không thêm, gộp hay đổi chỗ cột. Được phép lọc và xoá dòng. Để trống cột “decision” nghĩa là chưa quyết định.",
        "Don't add, merge or move columns. Filtering and deleting rows is fine. An empty “decision” decides nothing.",
    ),
    ("accept: câu hỏi đúng, giữ nguyên như đang thấy.", "accept: the question is right as it stands; it is let in."),
    ("reject: bỏ câu hỏi này. Nên ghi lý do ở cột “why”.", "reject: leave this question out. Say why in the column “why”."),
    (
        "set answer: đáp án sai hoặc thiếu; chọn chữ cái đúng ở cột “new key”.",
        "set answer: the key is wrong or missing; choose the right letter in “new key”.",
    ),
    (
        "edit: đã sửa chữ ngay trong ô câu hỏi, ngữ cảnh hay phương án. Nếu phương án đúng đổi chỗ, chọn “new key”.",
        "edit: you corrected the stem, context or options in their cells. If the right option moved, choose “new key”.",
    ),
    (
        "Sửa ô mà không chọn “decision” vẫn được hiểu là edit; chọn “new key” mà không chọn “decision” là set answer.",
        "A corrected cell without a decision is understood as edit, a new key without one as set answer.",
    ),
    ("note: chỉ ghi chú (ở cột “why”), không thay đổi gì.", "note: a remark (in “why”) that changes nothing."),
    (
        "Lưu ở dạng .xlsx rồi gửi lại; nhập bằng: mcq review --import TỆP.xlsx --who TÊN. Nhập hai lần không ghi gì thêm.",
        "Save as .xlsx and send it back; read in by: mcq review --import FILE.xlsx --who NAME. Twice writes nothing twice.",
    ),
    (
        "Nếu bản ghi đã thay đổi hoặc người khác đã quyết định trong lúc đó, dòng ấy được báo lại và không được ghi.",
        "A row whose record changed meanwhile, or on which somebody else decided, is listed and not written.",
    ),
)
