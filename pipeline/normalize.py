"""Stage 2, normalize and validate: every record becomes a question with its repairs named, or a rejection with its reasons."""

import ast
import html
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import ftfy
import pandas as pd
from ftfy.badness import is_bad
from pydantic import ConfigDict, TypeAdapter

from pipeline.fields import SYNONYMS, FieldMap, find_answer_format, find_fields, flatten
from pipeline.parse import (
    LETTERS,
    key_in_note,
    letter_of,
    picture_wanted,
    refers_to_others,
    resolve_key,
    split_options,
    split_stem,
    strip_mark,
    tidy_option,
)
from pipeline.text import SURROGATES, clean, is_vietnamese, one_line, short_hash, strip_marks
from schemas.config import Config, SourceConfig
from schemas.reasons import Reason
from schemas.tables import MAX_OPTIONS, MAX_TEXT_CHARS, MIN_OPTIONS, Question, RawRecord, Rejected, to_frame, to_rows

ENTITY = re.compile(r"&(?:#\d{2,6}|#x[0-9a-fA-F]{2,6}|[a-zA-Z]{2,8}\d?);")
TAGS = re.compile(r"</?(?:p|br|div|span|b|i|u|em|strong|font|sub|sup)\b[^<>]{0,200}/?>", re.IGNORECASE)
_validator = TypeAdapter(list[Question], config=ConfigDict(extra="forbid"))


class Draft(NamedTuple):
    """A record whose parts were told apart, before its key is resolved."""

    stem: str
    context: str | None
    options: list[str]
    labels: list[str]
    key: Any
    explanation: str | None
    original_id: str | None
    subject: str | None
    repairs: list[str]
    reasons: list[Reason]
    detail: str | None


class NormalizeResult(NamedTuple):
    """kept + removed = input, in the input's order; `inferences` has one entry a file: field map and answer format."""

    questions: pd.DataFrame
    rejected: pd.DataFrame
    inferences: dict[str, dict[str, Any]]


def normalize(raw: pd.DataFrame, config: Config) -> NormalizeResult:
    """Parses and validates RawRecord rows into Question and Rejected rows."""
    sources = {source.name: source for source in config.sources}
    files: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in to_rows(raw, RawRecord):
        files[row["source"], row["file"]].append(row)
    questions: list[dict[str, Any]] = []
    rejected: list[dict[str, Any]] = []
    inferences = {}
    for (name, file), rows in files.items():
        kept, dropped, inferences[f"{name}:{file}"] = _normalize_file(rows, sources[name])
        questions += kept
        rejected += dropped
    _validator.validate_python(questions)
    return NormalizeResult(to_frame(questions, Question), to_frame(rejected, Rejected), inferences)


def _normalize_file(rows: list[dict[str, Any]], source: SourceConfig) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, Any]]:
    payloads = [_cells(row) for row in rows]
    headers = list(dict.fromkeys(key for cells in payloads if cells for key in cells))
    filled = {key for cells in payloads if cells for key, value in cells.items() if value not in (None, "", [])}
    # A column called `answer` that is empty in the whole file (AGIEval) doesn't hide the one that holds the keys.
    fields = find_fields([name for name in headers if name in filled or strip_marks(name) not in SYNONYMS["answer"]], source.fields)
    drafts = [
        Draft("", None, [], [], None, None, None, None, [], [Reason(code) for code in row["reason_codes"]], row["detail"])
        if row["reason_codes"]
        else _draft_block(row["payload"])
        if row["reader"] == "blocks"
        else _draft_cells(cells or {}, fields, headers)
        for row, cells in zip(rows, payloads, strict=True)
    ]
    answer_format, decided_by = source.answer_format, "configured"
    if answer_format == "auto":
        usable = ((draft.key, draft.options) for draft in drafts if not draft.reasons)
        # A block's ^ line is the option's text by definition.
        answer_format, decided_by = ("text", "blocks") if rows[0]["reader"] == "blocks" else find_answer_format(usable)  # type: ignore[assignment]
    language = source.language if source.language != "auto" else _majority_language(drafts)
    subject = _subject_of_file(rows[0]["file"], source)
    kept: list[dict[str, Any]] = []
    dropped: list[dict[str, Any]] = []
    for row, draft in zip(rows, drafts, strict=True):
        finished, is_kept = _finish(row, draft, answer_format, decided_by, source, language, subject)
        (kept if is_kept else dropped).append(finished)
    inference = {
        "fields": fields.columns,
        "option_columns": fields.option_columns,
        "answer_format": answer_format,
        "decided_by": decided_by,
    }
    return kept, dropped, inference


def _cells(row: dict[str, Any]) -> dict[str, Any] | None:
    if row["reason_codes"] or row["reader"] == "blocks":
        return None
    value = json.loads(row["payload"])
    return flatten(value) if isinstance(value, dict) else {}


def _text(value: Any, repairs: list[str]) -> str:
    """A cell as clean text. Mojibake, HTML entities and tags are repaired, and said."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    text = value if isinstance(value, str) else str(value)
    if len(text) > MAX_TEXT_CHARS * 4:
        text = text[: MAX_TEXT_CHARS * 4]
    text = SURROGATES.sub("\ufffd", text)
    if not text.isascii() and is_bad(text):
        fixed = ftfy.fix_encoding(text)
        if fixed != text:
            repairs.append("mojibake_fixed")
            text = fixed
    if "&" in text and ENTITY.search(text):
        unescaped = html.unescape(text)
        if unescaped != text:
            repairs.append("html_entities")
            text = unescaped
    if "<" in text and TAGS.search(text):
        text = TAGS.sub(lambda tag: "\n" if tag[0].lower().startswith(("<br", "</p", "</div")) else "", text)
        repairs.append("html_tags")
    return clean(text)


def _draft_block(payload: str) -> Draft:
    """OpenTriviaQA: `#Q` stem lines, one `^` key line, `A ` .. option lines behind it."""
    repairs: list[str] = []
    lines = _text(payload, repairs).split("\n")
    keys = [i for i, line in enumerate(lines) if line.startswith("^")]
    reasons, detail = [], None
    at = keys[0] if keys else next((i for i, line in enumerate(lines) if re.match(r"A[.)]?\s", line)), len(lines))
    stem = split_stem("\n".join(lines[:at]))
    options: list[str] = []
    labels: list[str] = []
    for line in lines[at + 1 if keys else at :]:
        match = re.match(r"([A-J])(?:[.)]\s?|\s|$)(.*)", line)
        if match and match[1] == LETTERS[len(options) : len(options) + 1]:
            options.append(match[2].strip())
            labels.append(match[1])
        elif options and line.strip():
            options[-1] = f"{options[-1]} {line.strip()}".strip()
            repairs.append("option_lines_joined")
        elif line.strip():
            reasons, detail = [Reason.MALFORMED_ROW], f"line {line[:60]!r} stands between key and options"
    key = lines[keys[0]][1:].strip() if keys else None
    if len(keys) > 1:
        reasons, detail = [Reason.MULTIPLE_ANSWERS], f"{len(keys)} key lines"
    return Draft(stem.stem, stem.context, options, labels, key, None, None, None, [*stem.repairs, *repairs], reasons, detail)


def _draft_cells(cells: dict[str, Any], fields: FieldMap, headers: list[str]) -> Draft:
    repairs: list[str] = []
    if not fields.usable:
        names = ", ".join(headers)[:300] or "(none)"
        advice = f"found the fields {names}; write under the source: fields: {{stem: ..., options: ..., answer: ...}}"
        return Draft("", None, [], [], None, None, None, None, repairs, [Reason.UNKNOWN_LAYOUT], advice)
    columns = fields.columns

    def cell(part: str) -> Any:
        return cells.get(columns[part]) if part in columns else None

    text = _text(cell("stem"), repairs)
    reasons: list[Reason] = []
    detail: str | None = None
    options: list[str] = []
    labels: list[str] = []
    note: str | None = None
    several = False
    raw_options = _option_cells(cells, fields, repairs)
    if len(text) > MAX_TEXT_CHARS or sum(map(len, raw_options)) > MAX_TEXT_CHARS:
        return Draft(
            text[:500], None, [], [], None, None, None, None, repairs, [Reason.TOO_LARGE], f"more than {MAX_TEXT_CHARS:,} characters"
        )
    if raw_options:
        options, labels = _columns_to_options(
            raw_options, cells.get(f"{columns.get('options')}.label") or cells.get("choices.label"), repairs
        )
    elif found := split_options(text):
        text, labels, options, note, several = found.stem, found.labels, found.texts, found.note, found.several
        repairs += found.repairs
    stem = split_stem(text)
    context = "\n\n".join(part for part in (_text(cell("context"), repairs), stem.context) if part) or None
    explanation = "\n".join(part for part in (_text(cell("explanation"), repairs), note) if part) or None
    if image := _text(cell("image"), []):
        reasons, detail = [Reason.IMAGE_REQUIRED], f"it comes with the picture {image[:80]}"
    if several:
        reasons, detail = [Reason.MULTIPLE_QUESTIONS], "two lists of options, or a second numbered question, in one text"
    return Draft(
        stem.stem,
        context,
        options,
        labels,
        cell("answer"),
        explanation,
        one_line(str(cell("id"))) if cell("id") not in (None, "") else None,
        one_line(str(cell("subject"))) if cell("subject") not in (None, "") else None,
        [*stem.repairs, *dict.fromkeys(repairs)],
        reasons,
        detail,
    )


def _option_cells(cells: dict[str, Any], fields: FieldMap, repairs: list[str]) -> list[str]:
    """Option texts from their columns or their list (a list written as text too); empty cells at the end are no options."""
    if fields.option_columns:
        values = [cells.get(column) for column in fields.option_columns]
        while values and (values[-1] is None or not str(values[-1]).strip()):
            values.pop()
        return [_text(value, repairs) for value in values]
    value = cells.get(fields.columns.get("options", ""))
    if value is None and "options" in fields.columns:
        # {"options": {"A": ..., "B": ...}} was flattened to options.A, options.B
        prefix = fields.columns["options"] + "."
        value = [item for key, item in cells.items() if key.startswith(prefix)]
    if isinstance(value, str):
        value = _list_in_text(value)
    return [_text(item, repairs) for item in value] if isinstance(value, list) else []


def _list_in_text(text: str) -> list[Any]:
    """A list in a cell: JSON, Python, or options marked A. B. C. in running text."""
    stripped = text.strip()
    if stripped[:1] in "[({" and stripped[:1]:
        for parse in (json.loads, ast.literal_eval):
            try:
                value = parse(stripped)
            except (ValueError, SyntaxError, RecursionError, MemoryError):
                continue
            return list(value.values()) if isinstance(value, dict) else list(value) if isinstance(value, list | tuple) else []
    found = split_options(clean(text))
    if found and not found.stem:
        return found.texts
    for separator in ("\n", "|", ";"):
        parts = [part.strip() for part in stripped.split(separator) if part.strip()]
        if len(parts) >= MIN_OPTIONS:
            return parts
    return []


def _columns_to_options(values: list[str], labels: Any, repairs: list[str]) -> tuple[list[str], list[str]]:
    stripped = [strip_mark(value, place) for place, value in enumerate(values[:200])]
    # A mark is one only when all options bear theirs: "D. Pedro" alone is a name.
    if all(found for _, found in stripped) and len(stripped) > 1:
        values = [text for text, _ in stripped]
        repairs.append("option_marks_stripped")
    letters = list(LETTERS) + [f"#{i}" for i in range(len(LETTERS), len(values))]
    if isinstance(labels, list) and len(labels) == len(values) and all(letter_of(str(label)) for label in labels):
        return [tidy_option(v) for v in values], [str(letter_of(str(label))) for label in labels]
    if isinstance(labels, list) and len(labels) == len({str(label) for label in labels}) == len(values):
        # Labels that the file gives itself (ARC's 1 to 4) are what its keys mean.
        return [tidy_option(v) for v in values], [str(label) for label in labels]
    return [tidy_option(value) for value in values], letters[: len(values)]


def _majority_language(drafts: Iterable[Draft]) -> str:
    """Language of a file's questions that show one; what shows none (a formula) takes the majority's."""
    counts = Counter(is_vietnamese(draft.stem) for draft in drafts if draft.stem)
    return "vi" if counts[True] > counts[False] else "en"


def _subject_of_file(file: str, source: SourceConfig) -> str | None:
    """Subject from the path where the glob ranges over it: the folder for `**/*.json`, else the file's name for `*`."""
    path = PurePosixPath(file)
    folders = any("*" in part for pattern in source.patterns for part in PurePosixPath(pattern).parts[:-1])
    if folders and path.parent.name:
        return path.parent.name
    return path.stem if any("*" in PurePosixPath(pattern).name for pattern in source.patterns) else None


def _finish(
    row: dict[str, Any], draft: Draft, answer_format: str, decided_by: str, source: SourceConfig, language: str, subject: str | None
) -> tuple[dict[str, Any], bool]:
    """A Question row and True, or a Rejected row and False."""
    repairs = list(draft.repairs)
    reasons, details = list(draft.reasons), [draft.detail] if draft.detail else []
    index = None
    if not reasons or reasons == [Reason.IMAGE_REQUIRED]:
        for reason, detail in _option_faults(draft):
            reasons.append(reason)
            details.append(detail)
    if not reasons:
        index, fault, why = _find_answer(draft, answer_format, decided_by, repairs)
        if fault:
            reasons.append(fault)
            details.append(why or "")
    written = f"{draft.stem} {' '.join(draft.options)}"
    spoken = source.language if source.language != "auto" else "vi" if is_vietnamese(written) else language if _bare(written) else "en"
    common = {key: row[key] for key in ("record_id", "source", "role", "file", "locator")}
    common |= {"subject": draft.subject or subject, "repairs": list(dict.fromkeys(repairs)), "context": draft.context}
    if reasons:
        has_text = bool(draft.stem or draft.options)
        rejected = common | {
            "reason_codes": list(dict.fromkeys(reasons)),
            "detail": "; ".join(detail for detail in details if detail) or None,
            "stem": draft.stem or None,
            "options": draft.options or None,
            "language": spoken if has_text else None,
            "payload": row["payload"],
        }
        return rejected, False
    assert index is not None
    question = common | {
        "content_id": content_id(draft.context, draft.stem, draft.options, index),
        "stem": draft.stem,
        "options": draft.options,
        "answer_index": index,
        "explanation": draft.explanation,
        "language": spoken,
        "original_id": draft.original_id,
        "fixed_order": any(refers_to_others(option) for option in draft.options),
    }
    return question, True


def _bare(text: str) -> bool:
    """True for text that shows no language: formulas, numbers, names of chemicals."""
    return len(re.findall(r"[^\W\d_]{3,}", text)) < 3


def _option_faults(draft: Draft) -> Iterable[tuple[Reason, str]]:
    """Everything wrong with stem and options, in the order of Reason."""
    stem, options = draft.stem, draft.options
    if not options:
        yield (Reason.NOT_MULTIPLE_CHOICE, "it offers no options") if stem or draft.context else (Reason.EMPTY_STEM, "no text")
        return
    if (picture := picture_wanted(f"{draft.context or ''}\n{stem}")) and Reason.IMAGE_REQUIRED not in draft.reasons:
        yield Reason.IMAGE_REQUIRED, f"the text points at a picture: {picture!r}"
    if not re.search(r"\w", stem):
        yield Reason.EMPTY_STEM, f"stem {stem!r}"
    if len(options) < MIN_OPTIONS:
        yield Reason.TOO_FEW_OPTIONS, f"{len(options)} option, at least {MIN_OPTIONS} expected"
    if len(options) > MAX_OPTIONS:
        yield Reason.TOO_MANY_OPTIONS, f"{len(options)} options, at most {MAX_OPTIONS} expected"
    if empty := [LETTERS[i : i + 1] or str(i + 1) for i, option in enumerate(options) if not option.strip()]:
        yield Reason.EMPTY_OPTION, f"option {', '.join(empty[:5])} has no text"
    seen = Counter(_option_identity(option) for option in options if option.strip())
    if twice := [option for option, count in seen.items() if count > 1]:
        yield Reason.DUPLICATE_OPTIONS, f"two options read {twice[0][:80]!r}"


def _option_identity(option: str) -> str:
    """Options are the same when they differ in spaces and closing punctuation only; case can be the point (AaBb, aabb)."""
    text = one_line(option)
    return text.rstrip(" .;,") or text


def _find_answer(draft: Draft, answer_format: str, decided_by: str, repairs: list[str]) -> tuple[int | None, Reason | None, str | None]:
    if answer_format == "ambiguous":
        detail = f"key {draft.key!r} ({decided_by}); set answer_format: index0 or index1 (or text) on the source"
        missing = draft.key is None or not str(draft.key).strip()
        return None, Reason.MISSING_ANSWER if missing else Reason.AMBIGUOUS_ANSWER_BASE, detail
    key = draft.key if draft.key is None or isinstance(draft.key, list) else _text(draft.key, [])
    found = resolve_key(key, answer_format, draft.labels, draft.options)
    if found.reason in (Reason.MISSING_ANSWER, Reason.ANSWER_NOT_IN_OPTIONS):
        letter = key_in_note(draft.explanation)
        if letter in draft.labels:
            repairs.append("key_from_explanation")
            return draft.labels.index(letter), None, None
    if found.repair:
        repairs.append(found.repair)
    return found.position, found.reason, found.detail


def content_id(context: str | None, stem: str, options: list[str], answer_index: int) -> str:
    """Hash of the question as it reads: context and stem joined, options as a set, the answer's text.

    Equal for the same question in any option order, wherever its context ends and its stem begins.
    """
    ordered = sorted(one_line(option) for option in options)
    return short_hash(one_line(f"{context or ''} {stem}"), *ordered, "=", one_line(options[answer_index]))
