"""Tables with a row for each option: the question stands in the first of its rows or in all, and a column marks the right option."""

from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.common.grammar.columns import FieldMap, is_called, plain_name

_OPTION_NAMES = frozenset(
    "option options option_text choice choices choice_text answer answers answer_text answer_option answer_choice dap_an cac_dap_an"
    " phuong_an"
    " phuong_an_tra_loi lua_chon cau_tra_loi tra_loi noi_dung_dap_an noi_dung_phuong_an noi_dung_lua_chon alternative antwort reponse"
    " respuesta".split()
)
_TRUE = frozenset("x true 1 yes y v dung right correct 100 ✓ ✔ ✅ t đ".split())
_FALSE = frozenset("false 0 no n sai wrong incorrect f s - o".split()) | {""}
Row = Sequence[Any]


def long_records(header: list[str], rows: list[list[Any]], fields: FieldMap) -> list[tuple[int, dict[str, Any]]]:
    """(place of its first row, record) of each question, or [] for a table that has one row a question.

    The record holds the first row's cells, and under the name of the options' column a list of {text, is_correct}, or of texts where
    the key stands in a column of its own.
    """
    if fields.option_columns or "stem" not in fields.columns or len(rows) < 2:
        return []
    stem = header.index(fields.columns["stem"])
    option = next((place for place, name in enumerate(header) if place != stem and plain_name(name) in _OPTION_NAMES), None)
    if option is None:
        return []
    flags = [place for place in range(len(header)) if place not in (stem, option) and _is_flag(rows, place)]
    flag = next((place for place in flags if is_called(header[place], "answer") or plain_name(header[place]) in _MARKED), None)
    groups = list(_groups(rows, stem, option, _identity(header, fields)))
    several = sum(len(group) > 1 for group in groups)
    if several * 5 < len(groups) * 4 or (flag is None and not _blank_below(groups, rows, stem)):
        return []
    return [(group[0], _record(header, [rows[at] for at in group], option, flag)) for group in groups]


_MARKED = frozenset(
    "is_correct correct right is_right dung dung_sai la_dap_an_dung dap_an_dung key true_false ket_qua is_answer mark flag".split()
)


def _identity(header: list[str], fields: FieldMap) -> int | None:
    column = fields.columns.get("id")
    return header.index(column) if column else None


def _groups(rows: list[list[Any]], stem: int, option: int, identity: int | None) -> Iterator[list[int]]:
    """Places of the rows of each question: a row with another question in it, or another number of one, opens the next."""
    group: list[int] = []
    last: tuple[str, str] = ("", "")
    for at, row in enumerate(rows):
        text, number = _text(row, stem), _text(row, identity) if identity is not None else ""
        opens = bool(text) and (text != last[0] or bool(number and last[1] and number != last[1]))
        if group and opens:
            yield group
            group = []
        if text:
            last = (text, number or last[1] if not opens else number)
        group.append(at)
    if group:
        yield group


def _blank_below(groups: list[list[int]], rows: list[list[Any]], stem: int) -> bool:
    """True where the question stands in the first of its rows only: so no row but the first is a question."""
    return all(not _text(rows[at], stem) for group in groups for at in group[1:])


def _is_flag(rows: list[list[Any]], place: int) -> bool:
    texts = {_text(row, place).casefold().removesuffix(".0") for row in rows}
    return bool(texts & _TRUE or "đúng" in texts) and texts <= _TRUE | _FALSE | {"đúng"}


def _record(header: list[str], rows: list[list[Any]], option: int, flag: int | None) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for place, name in enumerate(header):
        if place in (option, flag):
            continue
        found = [row[place] for row in rows if _text(row, place)]
        first = found[0] if found else None
        # What another row adds (a second passage, another key) is kept, as it may decide.
        cells[name] = first if len({str(value) for value in found}) < 2 else "\n".join(dict.fromkeys(map(str, found)))
    texts = [row[option] if option < len(row) else None for row in rows]
    if flag is None:
        cells["options"] = texts
    else:
        right = [_text(row, flag).casefold().removesuffix(".0") for row in rows]
        cells["options"] = [{"text": text, "is_correct": mark in _TRUE or mark == "đúng"} for text, mark in zip(texts, right, strict=True)]
    return cells


def _text(row: Row, place: int) -> str:
    return "" if place >= len(row) or row[place] is None else str(row[place]).strip()
