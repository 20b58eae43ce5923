"""Stage 2, normalize and validate: every record becomes a question with its repairs named, or a rejection with its reasons."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.common.grammar.columns import plain_name
from pipeline.common.grammar.keys import NO_KEY_IN_EXAM, key_in_note, letter_of, number_of, resolve_key
from pipeline.common.grammar.passages import passage_ends
from pipeline.common.grammar.pictures import picture_wanted
from pipeline.common.grammar.references import refers_to_others
from pipeline.common.known_rows import in_order, rows_equal
from pipeline.common.letters import LETTERS
from pipeline.common.parallel import CHUNK_ROWS, collector_paused, map_chunks, preload
from pipeline.common.text import fold_option, is_vietnamese, one_line, short_hash
from pipeline.normalize.answer_format import AnswerFormat, find_answer_format
from pipeline.normalize.draft import Draft, draft_record, text_of
from pipeline.normalize.reading import EXAM_READERS, Reading, find_reading
from pipeline.normalize.rival_keys import EMPTY_KEYS, Rival, contradiction, places_of
from pipeline.normalize.source_files import describe_file
from schemas.config.sources import SourceConfig
from schemas.reasons import Reason
from schemas.tables.arrow import arrow_schema, to_frame, to_table
from schemas.tables.bounds import checked_rows
from schemas.tables.curation import Question, RawRecord, Rejected, SourceFile
from schemas.tables.row import MAX_OPTIONS, MIN_OPTIONS, Row, option_identity

WORD_OF_THREE, ANY_WORD = re.compile(r"[^\W\d_]{3,}"), re.compile(r"\w")
SEVERAL_NUMBERS = re.compile(r"\d{1,2}(?:\s*[,;&|]\s*\d{1,2})+")
# A key's header that speaks of the option's number: "Correct answer #", "(only include the answer number)", "STT đáp án".
_COUNTS = re.compile(r"#|\b(?:option|choice|answer)[ _](?:number|no\.?)(?![a-z])|\b(?:index|idx|position|stt)\b|số thứ tự", re.IGNORECASE)
AMBIGUOUS_ADVICE = "set answer_format: index0 or index1 (or text) on the source"
# What is understood by itself: a file, or a part of one with a layout of its own.
FILE = ("source", "file", "part")
Files = dict[tuple[str, str, str], list[int]]
preload(__name__)


class NormalizeResult(NamedTuple):
    """kept + removed = input, in the input's order; `files` are SourceFile rows, one a file or part of it."""

    questions: pd.DataFrame
    rejected: pd.DataFrame
    files: pd.DataFrame


class FoundBefore(NamedTuple):
    """Of a text that became a question before: what hangs on nothing else (`content_id` on the key as well)."""

    context: str | None
    stem: str
    options: list[str]
    answer_index: int
    content_id: str
    fixed_order: bool


Known = dict[str, FoundBefore]


@collector_paused()
def normalize(
    raw: pd.DataFrame, configured: Sequence[SourceConfig], before: tuple[pd.DataFrame, NormalizeResult] | None = None
) -> NormalizeResult:
    """Parses RawRecord rows into Question and Rejected rows. Raises DataError for one that breaks its own bounds: a bug here.

    `before` are records, and what this code made of them under this configuration: a file whose records are all as they were isn't
    parsed again. A file is the unit, since its layout, keys and language are inferred over all of its rows; in a file that isn't as it
    was, what was found of a question's text is taken for a record that reads the same.
    """
    sources = {source.name: source for source in configured}
    table = to_table(raw, RawRecord)
    files = _by_file(table)
    known = _parsed_before(table, files, before) if before else {}
    left = [rows for file, rows in files.items() if file not in known]
    chunks = [(part, _found_before(part, before[1].questions) if before else None) for part in _chunks(table, left)]
    parts = list(map_chunks(partial(_normalize_files, sources), chunks, sum(map(len, left))))
    if before and known:
        parts.append(_rows_of(table, known, before[1]))
    models: tuple[type[Row], ...] = (Question, Rejected, SourceFile)
    questions, rejected, read = (
        pa.concat_tables([arrow_schema(model).empty_table(), *(part[place] for part in parts)]) for place, model in enumerate(models)
    )
    if known:
        order = table["record_id"].take(pa.array([row for rows in files.values() for row in rows]))
        questions, rejected = in_order(questions, order), in_order(rejected, order)
        place = {file: number for number, file in enumerate(_file_names(read))}
        read = read.take(pa.array([place[file] for file in files]))
    return NormalizeResult(*(to_frame(t.combine_chunks(), m) for t, m in zip((questions, rejected, read), models, strict=True)))


def _parsed_before(table: pa.Table, files: Files, before: tuple[pd.DataFrame, NormalizeResult]) -> Files:
    """The files all of whose records are as they were before."""
    records = to_table(before[0], RawRecord)
    then = _by_file(records)
    described = set(_file_names(to_table(before[1].files, SourceFile)))
    same = {file: rows for file, rows in files.items() if file in described and len(then.get(file, ())) == len(rows)}
    now_rows, then_rows = (pa.array([row for file in same for row in found[file]], pa.int64()) for found in (files, then))
    equal = rows_equal(table.take(now_rows), records.take(then_rows), table.column_names)
    ends = np.cumsum([len(rows) for rows in same.values()], dtype=np.int64)
    return {file: rows for (file, rows), end in zip(same.items(), ends.tolist(), strict=True) if equal[end - len(rows) : end].all()}


def _rows_of(table: pa.Table, known: Files, result: NormalizeResult) -> tuple[pa.Table, pa.Table, pa.Table]:
    ids = table["record_id"].take(pa.array([row for rows in known.values() for row in rows]))
    files = to_table(result.files, SourceFile)
    kept = pa.array([file in known for file in _file_names(files)], pa.bool_())
    return in_order(to_table(result.questions, Question), ids), in_order(to_table(result.rejected, Rejected), ids), files.filter(kept)


def _file_names(table: pa.Table) -> list[tuple[str, str, str]]:
    return list(zip(*(table[name].to_pylist() for name in FILE), strict=True))


def _by_file(table: pa.Table) -> Files:
    """Places of the rows of each file (or part of one), in the order of their first rows."""
    files: defaultdict[tuple[str, str, str], list[int]] = defaultdict(list)
    for row, file in enumerate(_file_names(table)):
        files[file].append(row)
    return files


def _chunks(table: pa.Table, files: Iterable[Sequence[int]]) -> list[pa.Table]:
    """Chunks of whole files, since inferences rest on all of their rows."""
    chunks: list[list[int]] = []
    for rows in files:
        if not chunks or len(chunks[-1]) + len(rows) > CHUNK_ROWS:
            chunks.append([])
        chunks[-1] += rows
    return [table.take(pa.array(rows)) for rows in chunks]


def _found_before(part: pa.Table, questions: pd.DataFrame) -> pa.Table:
    """What was found of those of the records that were questions before."""
    return in_order(to_table(questions, Question).select(["record_id", *FoundBefore._fields]), part["record_id"])


def _normalize_files(sources: dict[str, SourceConfig], chunk: tuple[pa.Table, pa.Table | None]) -> tuple[pa.Table, pa.Table, pa.Table]:
    table, before = chunk
    known: Known = {}
    if before is not None:
        ids, *columns = (column.to_pylist() for column in before.columns)
        known = dict(zip(ids, map(FoundBefore._make, zip(*columns, strict=True)), strict=True))
    questions: list[dict[str, Any]] = []
    rejected: list[dict[str, Any]] = []
    files: list[dict[str, Any]] = []
    for (name, _, _), rows in groupby(table.to_pylist(), key=itemgetter(*FILE)):
        kept, dropped, file = _normalize_file(list(rows), sources[name], known)
        questions += kept
        rejected += dropped
        files.append(file)
    return checked_rows(questions, Question), checked_rows(rejected, Rejected), checked_rows(files, SourceFile)


def _normalize_file(
    rows: list[dict[str, Any]], source: SourceConfig, known: Known
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, Any]]:
    """Question rows, Rejected rows, and the SourceFile row of one file or part of one."""
    reading = find_reading(rows, source.fields)
    drafts = _without_passages([draft_record(row, cells, reading) for row, cells in zip(rows, reading.rows, strict=True)])
    drafts = _without_running_labels(drafts, reading)
    answers = _answer_format(rows, drafts, reading, source)
    bases = {column: _rival_base(column, drafts, reading) for column in reading.rivals}
    language = source.language if source.language != "auto" else _majority_language(drafts)
    subject = _subject_of_file(rows[0]["file"], source)
    kept: list[dict[str, Any]] = []
    dropped: list[dict[str, Any]] = []
    for row, draft in zip(rows, drafts, strict=True):
        before = known.get(row["record_id"])
        before = before if before and before[:3] == (draft.context, draft.stem, draft.options) else None
        finished, is_kept = _finish(row, draft, answers, bases, reading, source, language, subject, before)
        (kept if is_kept else dropped).append(finished)
    return kept, dropped, describe_file(rows, reading, answers, dropped)


def _without_passages(drafts: list[Draft]) -> list[Draft]:
    """The drafts, their stems without the passage that others of the file open with as well: it becomes context."""
    ends = passage_ends([draft.stem for draft in drafts])
    return [
        draft._replace(
            stem=draft.stem[end:].strip(),
            context="\n\n".join(part for part in (draft.context, draft.stem[:end].strip()) if part),
            repairs=[*draft.repairs, "context_split"],
        )
        if end
        else draft
        for draft, end in zip(drafts, ends, strict=True)
    ]


def _answer_format(rows: list[dict[str, Any]], drafts: list[Draft], reading: Reading, source: SourceConfig) -> AnswerFormat:
    configured = source.answer_format
    if configured != "auto":
        return AnswerFormat(configured, "configured", configured, "letter" if configured.startswith("index") else configured)
    if reading.text_keys:
        return AnswerFormat("text", f"{reading.layout} of {rows[0]['reader']}" if reading.layout != "blocks" else "blocks", "text", "text")
    usable = [draft for draft in drafts if not draft.reasons]
    open_keys = [(draft.key, draft.options) for draft in usable if not _is_label(draft)]
    are_places = _COUNTS.search(reading.fields.columns.get("answer", "")) is not None
    found = find_answer_format(open_keys, reading.column_base, are_places)
    if len(open_keys) * 2 < len(usable) and any(not label.isalpha() for draft in usable for label in draft.labels):
        return found._replace(name="label", detail="keys are the labels that the file gives its options")
    return found


def _without_running_labels(drafts: list[Draft], reading: Reading) -> list[Draft]:
    """The drafts, without the numbers that a file gives its options where its keys don't mean those: they are places in the list, as the
    key's column says ("correctIndex") or as one of them shows that is no option's number, where all of them can be places."""
    numbered = [draft for draft in drafts if draft.labelled and all(map(str.isdigit, draft.labels))]
    keys = [(number_of(draft.key[0] if isinstance(draft.key, list) and draft.key else draft.key), draft.labels) for draft in numbered]
    places = [(number, len(labels)) for number, labels in keys if number is not None]
    astray = any(number is not None and str(number) not in labels for number, labels in keys) and any(
        all(base <= number < base + count for number, count in places) for base in (0, 1)
    )
    if not numbered or not (astray or re.search(r"index|idx", plain_name(reading.fields.columns.get("answer", "")))):
        return drafts
    return [
        draft._replace(labels=list(LETTERS[: len(draft.labels)]), labelled=False)
        if draft.labelled and len(draft.labels) <= len(LETTERS) and all(map(str.isdigit, draft.labels))
        else draft
        for draft in drafts
    ]


def _rival_base(column: str, drafts: list[Draft], reading: Reading) -> str:
    keys = [(rival.key, draft.options) for draft in drafts for rival in draft.rivals if rival.column == column]
    return find_answer_format(keys, reading.column_base).numbers


def _is_label(draft: Draft) -> bool:
    """True where the key is one of the labels that the file itself gives the options: nothing is left to decide."""
    key = draft.key[0] if isinstance(draft.key, list) and len(draft.key) == 1 else draft.key
    return draft.labelled and key is not None and str(key).strip().upper() in draft.labels


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
    row: dict[str, Any],
    draft: Draft,
    answers: AnswerFormat,
    bases: dict[str, str],
    reading: Reading,
    source: SourceConfig,
    language: str,
    subject: str | None,
    before: FoundBefore | None,
) -> tuple[dict[str, Any], bool]:
    """A Question row and True, or a Rejected row and False. `before`: what was found of the same text when it became a question."""
    repairs = list(draft.repairs)
    reasons, details = list(draft.reasons), [draft.detail] if draft.detail else []
    index = None
    # What became a question has no faults.
    if (not reasons and before is None) or reasons == [Reason.IMAGE_REQUIRED]:
        for reason, detail in option_faults(draft):
            reasons.append(reason)
            details.append(detail)
    if not reasons:
        hint = reading.hint or (NO_KEY_IN_EXAM if row["reader"] in EXAM_READERS else None)
        index, fault, why = _find_answer(draft, answers, hint, repairs)
        if draft.rivals:
            index, fault, why = _with_rivals(draft, bases, index, fault, why)
        if fault:
            reasons.append(fault)
            details.append(why or "")
    written = f"{draft.stem} {' '.join(draft.options)}"
    spoken = source.language if source.language != "auto" else "vi" if is_vietnamese(written) else language if is_bare(written) else "en"
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
            "answer_index": _key_of_refused(draft, answers),
            "explanation": draft.explanation,
            "original_id": draft.original_id,
            "payload": row["payload"],
        }
        return rejected, False
    assert index is not None
    same_key = before is not None and before.answer_index == index
    question = common | {
        "content_id": before.content_id if before and same_key else content_id(draft.context, draft.stem, draft.options, index),
        "stem": draft.stem,
        "options": draft.options,
        "answer_index": index,
        "explanation": draft.explanation,
        "language": spoken,
        "original_id": draft.original_id,
        "fixed_order": before.fixed_order if before else any(refers_to_others(option) for option in draft.options),
    }
    return question, True


def _key_of_refused(draft: Draft, answers: AnswerFormat) -> int | None:
    """Place of the right option of a record that is refused for something else: a reviewer may let it in."""
    if not draft.options or draft.rivals:
        return None
    index, _, _ = _find_answer(draft, answers, None, [])
    return index if index is not None and index < min(len(draft.options), MAX_OPTIONS) else None


def is_bare(text: str) -> bool:
    """True for text that shows no language: formulas, numbers, names of chemicals."""
    return len(WORD_OF_THREE.findall(text)) < 3


def option_faults(draft: Draft) -> Iterable[tuple[Reason, str]]:
    """Everything wrong with stem and options, in the order of Reason."""
    stem, options = draft.stem, draft.options
    if not options:
        yield (Reason.NOT_MULTIPLE_CHOICE, "it offers no options") if stem or draft.context else (Reason.EMPTY_STEM, "no text")
        return
    if (picture := picture_wanted(f"{draft.context or ''}\n{stem}")) and Reason.IMAGE_REQUIRED not in draft.reasons:
        yield Reason.IMAGE_REQUIRED, f"the text points at a picture: {picture!r}"
    if not ANY_WORD.search(stem):
        yield Reason.EMPTY_STEM, f"stem {stem!r}"
    if len(options) < MIN_OPTIONS:
        yield Reason.TOO_FEW_OPTIONS, f"{len(options)} option, at least {MIN_OPTIONS} expected"
    if len(options) > MAX_OPTIONS:
        yield Reason.TOO_MANY_OPTIONS, f"{len(options)} options, at most {MAX_OPTIONS} expected"
    if empty := [LETTERS[i : i + 1] or str(i + 1) for i, option in enumerate(options) if not option.strip()]:
        yield Reason.EMPTY_OPTION, f"option {', '.join(empty[:5])} has no text"
    seen = Counter(option_identity(option) for option in options if option.strip())
    if twice := [option for option, count in seen.items() if count > 1]:
        yield Reason.DUPLICATE_OPTIONS, f"two options read {twice[0][:80]!r}"


def _find_answer(draft: Draft, answers: AnswerFormat, hint: str | None, repairs: list[str]) -> tuple[int | None, Reason | None, str | None]:
    key = draft.key if draft.key is None or isinstance(draft.key, list) else text_of(draft.key, [])
    only = key[0] if isinstance(key, list) and len(key) == 1 else key
    if isinstance(only, str) and only.casefold() in EMPTY_KEYS and all(fold_option(option) != only.casefold() for option in draft.options):
        key = None
    answer_format = answers.others if number_of(only) is None else answers.numbers
    if answer_format == "ambiguous" and not _is_label(draft):
        return None, Reason.AMBIGUOUS_ANSWER_BASE, f"key {draft.key!r} ({answers.detail}); {AMBIGUOUS_ADVICE}"
    found = resolve_key(key, answer_format, draft.labels, draft.options)
    if found.reason == Reason.MISSING_ANSWER or (found.reason == Reason.ANSWER_NOT_IN_OPTIONS and not _says_another(only)):
        letter = key_in_note(draft.explanation)
        if letter in draft.labels:
            repairs.append("key_from_explanation")
            return draft.labels.index(letter), None, None
    if found.reason == Reason.ANSWER_NOT_IN_OPTIONS and isinstance(key, str) and SEVERAL_NUMBERS.fullmatch(key):
        return None, Reason.MULTIPLE_ANSWERS, f"key {key!r}"
    if found.repair:
        repairs.append(found.repair)
    return found.position, found.reason, hint if found.reason == Reason.MISSING_ANSWER and hint else found.detail


def _says_another(key: object) -> bool:
    """True for a letter or a number: of an option that isn't there."""
    return isinstance(key, str) and (letter_of(key) is not None or number_of(key) is not None)


def _with_rivals(
    draft: Draft, bases: dict[str, str], index: int | None, fault: Reason | None, why: str | None
) -> tuple[int | None, Reason | None, str | None]:
    """The verdict on the key once the row's further keys were asked: one that contradicts it, or one that stands in for it."""
    number = number_of(draft.key[0] if isinstance(draft.key, list) and len(draft.key) == 1 else draft.key)
    if fault == Reason.AMBIGUOUS_ANSWER_BASE and number is not None:
        rivals = [places_of(rival, bases, draft.labels, draft.options) for rival in draft.rivals]
        sure = [next(iter(places)) for places in rivals if places is not None and len(places) == 1]
        if sure and sure[0] in (number, number - 1):
            index, fault = sure[0], None
    if fault == Reason.MISSING_ANSWER:
        found = [places_of(rival, bases, draft.labels, draft.options) for rival in draft.rivals]
        if several := next(
            (rival for rival, places in zip(draft.rivals, found, strict=True) if places == set() and _is_several(rival)), None
        ):
            return None, Reason.MULTIPLE_ANSWERS, f"{several.column} names {len(several.key)} options: {str(several.key)[:80]}"
        index, fault = next((((next(iter(places)), None)) for places in found if places is not None and len(places) == 1), (None, fault))
    if index is not None and (clash := contradiction(index, draft.rivals, bases, draft.labels, draft.options)):
        return None, Reason.MULTIPLE_ANSWERS, clash
    return index, fault, why


def _is_several(rival: Rival) -> bool:
    return isinstance(rival.key, list) and len(rival.key) > 1


def content_id(context: str | None, stem: str, options: list[str], answer_index: int) -> str:
    """Hash of the question as it reads: context and stem joined, options as a set, the answer's text.

    Equal for the same question in any option order, wherever its context ends and its stem begins.
    """
    ordered = sorted(one_line(option) for option in options)
    return short_hash(one_line(f"{context or ''} {stem}"), *ordered, "=", one_line(options[answer_index]))
