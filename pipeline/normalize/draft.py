"""From a record to a draft: its parts told apart, its key still as found."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from pipeline.common.grammar.columns import plain_name
from pipeline.common.grammar.keys import letter_of, number_of
from pipeline.common.grammar.option_lists import LETTER_MARK, NUMBER_MARK, Options, split_options, tidy_options, without_marks
from pipeline.common.grammar.stems import split_stem
from pipeline.common.grammar.truth import is_statement_kind, truth_of
from pipeline.common.letters import LETTERS, LOOKALIKE
from pipeline.common.text import SURROGATES, clean, fold_option, one_line, undo_mojibake, without_invisible
from pipeline.normalize.beside import is_filled, keys_of, passage_missing, unread_columns
from pipeline.normalize.gaps import may_miss_a_gap, with_gaps
from pipeline.normalize.html_cells import PLAIN, CellMarkup, is_picture, speaks_of_tags, without_markup
from pipeline.normalize.nested_cells import flatten, list_in_text, structure_in_text
from pipeline.normalize.option_mappings import same_texts
from pipeline.normalize.reading import Reading
from pipeline.normalize.rival_keys import Rival
from schemas.reasons import Reason
from schemas.tables.row import MAX_LABEL_CHARS, MAX_TEXT_CHARS

# Options beyond these are counted, not read: ten are too many for a question.
MAX_OPTIONS_READ = 100
UNTOLD_GAP = "a gap seems to be written as blanks, and which they are can't be told: write it as ____"
_NUMBER_WORD = re.compile(r"(?:option|choice|opt|answer|phương án|đáp án|lựa chọn)[ _]?(\d{1,2})", re.IGNORECASE)
_OPTION_LINE, _FIRST_LINE = re.compile(r"([A-J])(?:[.)]\s?|\s|$)(.*)"), re.compile(r"A[.)]?\s")
_LINK = re.compile(r"https?://\S{4,2000}", re.IGNORECASE)
_PICTURE_FILE = re.compile(r"[^\s/\\]?\S{0,300}\.(?:png|jpe?g|gif|webp|svg|bmp|mp3|wav|mp4)", re.IGNORECASE)
_ABOUT_LINKS = re.compile(
    r"\b(?:urls?|uris?|links?|address(?:es)?|web|websites?|sites?|https?|domains?|pages?|files?|format|extension|endpoint|tệp|tập tin"
    r"|tên miền|liên kết|địa chỉ|trang)\b",
    re.IGNORECASE,
)
_NO_PICTURE = ("", "no", "false", "0", "none", "null", "nan", "n/a", "-", "không", "[]")


class Draft(NamedTuple):
    """A record whose parts were told apart, before its key is resolved. `labelled`: the file itself says how its options are called."""

    stem: str = ""
    context: str | None = None
    options: list[str] = []  # noqa: RUF012 - never changed
    labels: list[str] = []  # noqa: RUF012
    key: Any = None
    explanation: str | None = None
    original_id: str | None = None
    subject: str | None = None
    repairs: list[str] = []  # noqa: RUF012
    reasons: list[Reason] = []  # noqa: RUF012
    detail: str | None = None
    labelled: bool = False
    rivals: list[Rival] = []  # noqa: RUF012


def draft_record(record: dict[str, Any], cells: dict[str, Any] | None, reading: Reading) -> Draft:
    """One record's parts; a record that its reader rejected stays rejected."""
    if record["reason_codes"]:
        return Draft(reasons=[Reason(code) for code in record["reason_codes"]], detail=record["detail"])
    if record["reader"] == "blocks":
        return _draft_block(record["payload"])
    return _draft_cells(cells or {}, reading)


def text_of(value: Any, repairs: list[str], markup: CellMarkup = PLAIN, options: Sequence[str] = ()) -> str:
    """A cell as clean text. Mojibake is repaired, and HTML where the file's cells hold it, and said; so are the gaps of a stem, given
    its options."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, list):
        value = "\n".join(str(item) for item in value[:1000] if item is not None)
    text = value if isinstance(value, str) else str(value)
    if len(text) > MAX_TEXT_CHARS * 4:
        text = text[: MAX_TEXT_CHARS * 4]
    text = SURROGATES.sub("\ufffd", text)
    if not text.isascii() and (fixed := undo_mojibake(text)) != text:
        repairs.append("mojibake_fixed")
        text = fixed
    text = without_markup(text, markup, repairs)
    if options and (filled := with_gaps(text, options)) != text:
        repairs.append("gap_restored")
        text = filled
    if (cleaned := clean(text)) != text and without_invisible(text) != text:
        repairs.append("invisible_characters")
    return cleaned


def _draft_block(payload: str) -> Draft:
    """OpenTriviaQA: `#Q` stem lines, one `^` key line, `A ` .. option lines behind it."""
    repairs: list[str] = []
    # Composing a character can make two of it, so that a text grows when it is cleaned.
    if len(payload) > MAX_TEXT_CHARS or len(text := text_of(payload, repairs)) > MAX_TEXT_CHARS:
        return Draft(payload[:500], reasons=[Reason.TOO_LARGE], detail=f"more than {MAX_TEXT_CHARS:,} characters")
    lines = text.split("\n")
    keys = [i for i, line in enumerate(lines) if line.startswith("^")]
    reasons, detail = [], None
    at = keys[0] if keys else next((i for i, line in enumerate(lines) if _FIRST_LINE.match(line)), len(lines))
    stem = split_stem("\n".join(lines[:at]))
    options: list[str] = []
    labels: list[str] = []
    for line in lines[at + 1 if keys else at :]:
        match = _OPTION_LINE.match(line)
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
    return Draft(stem.stem, stem.context, options, labels, key, repairs=[*stem.repairs, *repairs], reasons=reasons, detail=detail)


def _draft_cells(cells: dict[str, Any], reading: Reading) -> Draft:
    repairs: list[str] = []
    columns = reading.fields.columns
    if reading.problem:
        return Draft(reasons=[Reason.UNKNOWN_LAYOUT], detail=reading.problem)

    def cell(part: str) -> Any:
        return cells.get(columns[part]) if part in columns else None

    def short(part: str) -> str | None:
        return None if cell(part) in (None, "") else one_line(clean(str(cell(part))[:MAX_LABEL_CHARS]))[:MAX_LABEL_CHARS] or None

    markup = reading.markup
    reasons: list[Reason] = []
    detail: str | None = None
    options: list[str] = []
    labels: list[str] = []
    note: str | None = None
    several = labelled = False
    key = cell("answer")
    rivals = [Rival(column, cells[column]) for column in reading.rivals if cells.get(column) not in (None, "", [])]
    found = _option_cells(cells, reading)
    found_repairs: list[str] = []
    raw_options = [text_of(value, found_repairs, markup) for value in found.values[:MAX_OPTIONS_READ]]
    text = text_of(cell("stem"), repairs, markup, raw_options)
    if len(text) > MAX_TEXT_CHARS or sum(map(len, raw_options)) > MAX_TEXT_CHARS:
        return Draft(text[:500], repairs=repairs, reasons=[Reason.TOO_LARGE], detail=f"more than {MAX_TEXT_CHARS:,} characters")
    if len(found.values) > MAX_OPTIONS_READ:
        reasons, detail = [Reason.TOO_MANY_OPTIONS], f"{len(found.values):,} options"
    keys = keys_of(key, cells, reading.beside)
    key = keys[0] if keys else key
    if markup.tags and raw_options:
        written = [value if isinstance(value, str) else "" for value in found.values[:MAX_OPTIONS_READ]]
        if speaks_of_tags(text, written, raw_options):
            found_repairs.clear()
            raw_options, markup = [text_of(value, found_repairs) for value in found.values[:MAX_OPTIONS_READ]], PLAIN
    repairs += found_repairs
    if raw_options:
        options, labels, labelled = _columns_to_options(raw_options, found.labels, repairs)
        key = found.right if found.right is not None else key
        claims = [Rival(claim.column, _shown(claim.key, markup)) for claim in (Rival(columns.get("answer", ""), key), *rivals)]
        key, *others = [_plain_key(_named(one.key, found.names, labels, reading), labels, options, one.column) for one in claims]
        rivals = [Rival(rival.column, other) for rival, other in zip(rivals, others, strict=True)]
        if any(isinstance(value, dict | list) for value in found.values[:MAX_OPTIONS_READ]):
            reasons, detail = [Reason.MALFORMED_ROW], "an option holds more than a text: name the column of its texts under `fields:`"
        elif clash := _marks_clash(raw_options, key, labels, labelled):
            reasons, detail = [Reason.MALFORMED_ROW], clash
    elif (cut := split_options(text)) is not None:
        text, labels, options, note, several = cut.stem, cut.labels, cut.texts, cut.note, cut.several
        if (gapped := _gapped(cell("stem"), cut)) != text:
            text = gapped or text
            repairs += ["gap_restored"] * bool(gapped)
            if not gapped:
                reasons, detail = (
                    [Reason.MALFORMED_ROW],
                    UNTOLD_GAP,
                )
        repairs += cut.repairs
    elif statement := _statement(cells, key, reading):
        key, options = statement
        labels = list(LETTERS[:2])
    stem = split_stem(text)
    givens = [text_of(cells.get(header), repairs, reading.markup) for header in reading.beside.given]
    context = "\n\n".join(part for part in (text_of(cell("context"), repairs, reading.markup), *givens, stem.context) if part) or None
    explanation = "\n".join(part for part in (text_of(cell("explanation"), repairs, reading.markup), note) if part) or None
    images = (text_of(value, []) for value in (cell("image"), *map(cells.get, reading.beside.pictures)))
    if image := next((text for text in images if text.lower() not in _NO_PICTURE), None):
        reasons, detail = [Reason.IMAGE_REQUIRED], f"it comes with the picture {image[:80]}"
    elif linked := _links(options, text):
        reasons, detail = [Reason.IMAGE_REQUIRED], f"its options are {linked}, of pictures or the like: write what each shows"
    elif pictures := [label for label, option in zip(labels, options, strict=True) if is_picture(option, text)]:
        reasons, detail = [Reason.IMAGE_REQUIRED], f"option {', '.join(pictures[:5])} is a picture"
    if missing := passage_missing(stem.stem, context, cells, reading.fields):
        reasons, detail = [Reason.MALFORMED_ROW], missing
    if len(keys) > 1:
        reasons, detail = [Reason.MULTIPLE_ANSWERS], f"keys {', '.join(str(value)[:40] for value in keys[:5])}"
    if unread := unread_columns(cells, reading.fields, reading.beside, list(reading.headers)):
        reasons, detail = [Reason.UNKNOWN_LAYOUT], unread
    if several:
        reasons, detail = [Reason.MULTIPLE_QUESTIONS], "two lists of options, or a second numbered question, in one text"
    if isinstance(key, str) and key[:1] == "[" and isinstance(listed := structure_in_text(key[:2000]), list):
        key = listed
    repairs = [*stem.repairs, *dict.fromkeys(repairs)]
    subject = short("subject")
    return Draft(stem.stem, context, options, labels, key, explanation, short("id"), subject, repairs, reasons, detail, labelled, rivals)


def _links(options: list[str], stem: str) -> str | None:
    """What the options are where each leads elsewhere, to a page or a file of a picture; None for texts, and where a question is about
    such."""
    if len(options) < 2 or _ABOUT_LINKS.search(stem):
        return None
    if all(_LINK.fullmatch(option) for option in options):
        return "links"
    return "names of files" if all(_PICTURE_FILE.fullmatch(option) for option in options) else None


def _gapped(value: Any, cut: Options) -> str | None:
    """The stem of a text that holds its options, with the gaps that it leaves as blanks: they are seen before the text is cleaned. None
    where it may have one, and nothing says where."""
    if not isinstance(value, str) or "    " not in value or len(value) > MAX_TEXT_CHARS:
        return cut.stem
    raw = split_options(value)
    if raw is None or one_line(raw.stem) != one_line(cut.stem):
        return cut.stem
    if (filled := with_gaps(raw.stem, cut.texts)) != raw.stem:
        return clean(filled)
    return None if may_miss_a_gap(raw.stem, cut.texts) else cut.stem


def _statement(cells: dict[str, Any], key: Any, reading: Reading) -> tuple[str, list[str]] | None:
    """The right word and both words of a statement to judge among questions with options: its kind says so, or its key."""
    kind = reading.beside.kind and cells.get(reading.beside.kind)
    if is_statement_kind(kind):
        flag = cells.get(reading.beside.flag) if reading.beside.flag else None
        return truth_of(key if is_filled(key) else flag, is_statement=True)
    # Among open questions an answer may happen to be "true".
    among_options = reading.fields.option_columns or "options" in reading.fields.columns
    # A cell that lists its options in a way that isn't understood ("True, False, Not given") has others than these two.
    listed = is_filled(cells.get(reading.fields.columns.get("options", "")))
    return truth_of(key) if among_options and not listed and not is_filled(kind) and not isinstance(key, list) else None


def _shown(key: Any, markup: CellMarkup) -> Any:
    """A key, or a list of them, as the options show it."""
    if isinstance(key, list):
        return [_shown(item, markup) if isinstance(item, str) else item for item in key]
    return text_of(key, [], markup) if isinstance(key, str) and ("<" in key or "&" in key) else key


def _named(key: Any, names: Sequence[Sequence[Any]], labels: list[str], reading: Reading) -> Any:
    """A key, or a list of them, that calls options by their columns ("answer_a") or by what objects hold beside their text (an id)."""
    if isinstance(key, list):
        return [_named(one, names, labels, reading) for one in key[:MAX_OPTIONS_READ]]
    if not isinstance(key, str | int) or isinstance(key, bool) or str(key) in labels:
        return key
    if (place := reading.column_places.get(plain_name(str(key)[:80]))) is not None and place < len(labels):
        return labels[place]
    called = [place for place, own in enumerate(names) if str(key) in map(str, own)]
    return labels[called[0]] if len(called) == 1 and called[0] < len(labels) and number_of(key) is None else key


def _plain_key(key: Any, labels: list[str], options: list[str], column: str) -> Any:
    """A key that a list of right and wrong ([0, 1, 0]), a numbered text ("2. Huế") or a numbered word ("option 2") stands for."""
    if isinstance(key, list) and len(key) == len(options) > 1 and all(value in (0, 1) for value in key) and sum(key) == 1:
        # Two numbers beside two options may be the places of both.
        places = len(key) == 2 and not isinstance(key[0], bool) and re.search(r"answer|index|idx|option|choice", plain_name(column))
        return key if places else labels[key.index(1)]
    if not isinstance(key, str) or len(key) > 500 or key in labels:
        return key
    if match := _NUMBER_WORD.fullmatch(key.strip()):
        return match[1]
    if match := NUMBER_MARK.match(key):
        same = [place for place, option in enumerate(options) if fold_option(option) == fold_option(key[match.end() :])]
        # A number that is neither that option's place nor its label says something else than the text.
        number = match[1] or match[2]
        return labels[same[0]] if len(same) == 1 and (int(number) in (same[0], same[0] + 1) or labels[same[0]] == number) else key
    return key


class _OptionCells(NamedTuple):
    """Options as found, the labels that the file gives them, and the right one where a mark beside each says it."""

    values: list[Any]
    labels: Any = None
    right: Any = None
    names: Sequence[Sequence[Any]] = ()


def _option_cells(cells: dict[str, Any], reading: Reading) -> _OptionCells:
    """Options from their columns or their list (a list written as text too); empty cells at the end are no options."""
    fields = reading.fields
    if fields.option_columns:
        values = [cells.get(column) for column in fields.option_columns]
        while values and (values[-1] is None or not str(values[-1]).strip()):
            values.pop()
        return _OptionCells(values)
    value = cells.get(fields.columns.get("options", ""))
    if isinstance(value, str):
        plain = value if value.lstrip()[:1] in ("[", "(", "{") else without_markup(value, reading.markup, [])
        value = list_in_text(plain) if len(value) <= MAX_TEXT_CHARS else [value]
    if isinstance(value, dict) or (isinstance(value, list) and value and isinstance(value[0], dict)):
        flat = flatten({"options": value})
        texts: list[Any] = next(
            (flat[name] for name in ("options", "options.text", "options.choices") if isinstance(flat.get(name), list)), []
        )
        return _OptionCells([] if texts and isinstance(texts[0], dict) else texts, flat.get("options.label"), flat.get("options.right"))
    if not isinstance(value, list):
        return _OptionCells([])
    labels = next((cells[name] for name in reading.labels if isinstance(cells.get(name), list)), None)
    names = cells.get(f"{fields.columns['options']}.names")
    names = names if isinstance(names, list) and len(names) == len(value) else ()
    end = max((place for place, one in enumerate(value, start=1) if one is not None and str(one).strip()), default=0)
    if isinstance(labels, list) and len(labels) == len(value):
        labels = labels[:end]
    return _OptionCells(value[:end], labels, names=names[:end])


def _columns_to_options(values: list[str], labels: Any, repairs: list[str]) -> tuple[list[str], list[str], bool]:
    """Texts without their marks, their labels, and whether these are the file's own."""
    letters = [*LETTERS, *(f"#{i}" for i in range(len(LETTERS), len(values)))][: len(values)]
    own: list[str] = [] if not isinstance(labels, list) or len(labels) != len(values) else [str(label).strip(" .)(") for label in labels]
    if same_texts(own, values):
        own = []  # Labels that repeat the texts name nothing.
    # A mark is one only when all options bear theirs: "D. Pedro" alone is a name.
    if len(values) > 1 and (marks := without_marks(values)) is not None:
        bare, marked = marks
        repairs.append("option_marks_stripped")
        if marked != letters and sorted(marked) == sorted(letters):
            repairs.append("options_out_of_order")
        values = bare
        own = own or ([] if marked == letters else marked)
    texts = tidy_options(values, in_line=False)
    if own and all(letter_of(label) for label in own):
        return texts, [str(letter_of(label)) for label in own], True
    # Labels that the file gives itself (ARC's 1 to 4) are what its keys mean.
    return (texts, own, True) if own and len(set(own)) == len(own) else (texts, letters, False)


def _marks_clash(values: list[str], key: Any, labels: list[str], labelled: bool) -> str | None:
    """What keeps a letter from meaning one option: marks that leave letters out ("B. x", "C. y"), or that aren't the file's own labels."""
    if twice := [label for label, count in Counter(labels).items() if count > 1]:
        return f"two options are labelled {twice[0]}"
    key = key[0] if isinstance(key, list) and len(key) == 1 else key
    letter = letter_of(key) if isinstance(key, str) else None
    marks = [match[1].translate(LOOKALIKE).upper() for value in values if (match := LETTER_MARK.match(value))]
    if letter is None or len(values) < 2 or len(marks) < len(values) or letter not in labels or marks[: len(labels)] == labels:
        return None
    if not labelled and marks.count(letter) == 1 and marks.index(letter) == labels.index(letter):
        return None
    # Letters far from the first are initials, until the key is one of them.
    if letter not in marks and max(map(LETTERS.index, marks)) > len(values):
        return None
    return f"the options are marked {', '.join(marks)}, and the key is {letter}: mark and place name different options"
