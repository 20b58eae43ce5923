"""What a person can mend, ranked by the questions that one act brings back: a setting that decides a whole file goes before a
hundred keys to look up, one by one."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipeline.common.text import one_line
from pipeline.common.translations import ENGLISH, Said, Words
from pipeline.told import detail_told
from schemas.reasons import Disposition, Reason
from schemas.tables.row import RowMapping

# One cause is likely where a reason hits this share of a file's records, and at least so many of them.
COMMON_SHARE, COMMON_ROWS = 0.5, 3

ACTIONS: dict[Reason, str] = {
    Reason.UNREADABLE_FILE: "open the file in its own program and save it again; what it holds isn't counted yet",
    Reason.MALFORMED_ROW: "mend the row in its file: quotes, separators, a line that was cut off",
    Reason.UNKNOWN_LAYOUT: "name the columns under `fields:` of the source (`mcq inspect FILE` shows them)",
    Reason.TOO_LARGE: "look at the row: a whole document in one cell, or a separator that was lost",
    Reason.NOT_MULTIPLE_CHOICE: "nothing, if it is an essay question; else write its options",
    Reason.MULTIPLE_QUESTIONS: "cut the row in two, each with its options and its key",
    Reason.IMAGE_REQUIRED: "say in words what the picture shows, or leave it out",
    Reason.EMPTY_STEM: "write the question: it was lost before it came here",
    Reason.TOO_FEW_OPTIONS: "look up the missing options",
    Reason.TOO_MANY_OPTIONS: "look at the row: two questions' options, or one option a line of a list",
    Reason.EMPTY_OPTION: "look up the option; a formula or a picture often stood there",
    Reason.DUPLICATE_OPTIONS: "look up which of the two equal options was meant to say something else",
    Reason.MISSING_ANSWER: "add the key",
    Reason.ANSWER_NOT_IN_OPTIONS: "mend the key, or set `answer_format:` if the whole file counts otherwise",
    Reason.MULTIPLE_ANSWERS: "keep one key, or leave the question out: it has several right answers",
    Reason.AMBIGUOUS_ANSWER_BASE: "set `answer_format: index0` or `index1` on the source; one known key decides it",
    Reason.CONTAMINATED_EXACT: "nothing: it must not be trained on",
    Reason.CONTAMINATED_SAME: "nothing: it must not be trained on",
    Reason.CONTAMINATED_VARIANT: "nothing: it must not be trained on",
    Reason.CONTAMINATED_CONFLICT: "compare the keys: the benchmark's or ours is wrong",
    Reason.CONTAMINATED_CLUSTER: "nothing: it must not be trained on",
    Reason.CONFLICTING_ANSWERS: "find out which key is right; mend or remove the other row",
    Reason.DUPLICATE_EXACT: "nothing: the other record stands for it",
    Reason.DUPLICATE_SAME: "nothing: the other record stands for it",
    Reason.DUPLICATE_VARIANT: "nothing, or turn `dedup.drop_variants` off",
    Reason.BELOW_MIN_SCORE: "mend what its flags name",
    Reason.REJECTED_BY_REVIEWER: "nothing: a person decided",
}
SETTINGS = {Reason.UNKNOWN_LAYOUT: Said("name the columns", {}), Reason.AMBIGUOUS_ANSWER_BASE: Said("set the answer base", {})}
WHOLE_FILE = {Reason.UNREADABLE_FILE: Said("make the file readable", {})}
# Read the same way in every row, these are the file's layout rather than the row's fault.
LAYOUT = (
    Reason.MALFORMED_ROW,
    Reason.EMPTY_STEM,
    Reason.TOO_FEW_OPTIONS,
    Reason.TOO_MANY_OPTIONS,
    Reason.MISSING_ANSWER,
    Reason.ANSWER_NOT_IN_OPTIONS,
    Reason.MULTIPLE_ANSWERS,
)
# An essay question has nothing to mend.
NO_FIX = (Reason.NOT_MULTIPLE_CHOICE,)


class Fix(NamedTuple):
    """One thing to do: `questions` come back (at most) for `acts` acts; `effort` says what an act is. Of a record, `example`, stands what
    was `seen`."""

    what: str
    where: str
    how: str
    questions: int
    acts: int
    effort: str
    example: RowMapping

    def seen(self, words: Words) -> str:
        """What was wrong with the example, else what it says, on one line."""
        return one_line(detail_told(self.example["detail"], words) or self.example["stem"] or "")


def rank_fixes(rows: Iterable[RowMapping], words: Words = ENGLISH) -> list[Fix]:
    """Fixes for ledger rows, the most questions an act first, then the most questions; in one order whatever the language."""
    # What a reviewer took out is done with.
    everything = [row for row in rows if Reason.REJECTED_BY_REVIEWER not in row["reason_codes"]]
    found = [*_by_file(everything, words), *_conflicts(everything, words), *_weak(everything, words)]
    return sorted(found, key=lambda fix: (-fix.questions / fix.acts, -fix.questions, fix.example["locator"], fix.example["record_id"]))


def _by_file(rows: Sequence[RowMapping], _: Words) -> Iterable[Fix]:
    """Rejections: a file's own where one act mends it, else all of a source that fail alike."""
    sizes = Counter((row["source"], row["file"]) for row in rows)
    files: defaultdict[tuple[str, str, Reason], list[RowMapping]] = defaultdict(list)
    single: defaultdict[tuple[str, Reason], list[RowMapping]] = defaultdict(list)
    for row in rows:
        if row["disposition"] == Disposition.REJECTED and row["reason_codes"]:
            # A row with several faults counts once, for the first.
            files[row["source"], row["file"], Reason(row["reason_codes"][0])].append(row)
    for (source, file, reason), found in files.items():
        n, size, where = len(found), sizes[source, file], f"{source}: {file}"
        if reason in SETTINGS:
            yield Fix(_.say(SETTINGS[reason]), where, _(ACTIONS[reason]), n, 1, _("1 setting"), found[0])
        elif reason in WHOLE_FILE:
            yield Fix(_.say(WHOLE_FILE[reason]), where, _(ACTIONS[reason]), n, 1, _("1 file"), found[0])
        elif reason in LAYOUT and n >= max(COMMON_ROWS, COMMON_SHARE * size):
            how = _(
                "{count:,} of {all:,} rows fail alike, so look for one cause with `mcq inspect FILE`: `fields:` or `answer_format:`",
                count=n,
                all=size,
            )
            yield Fix(_("look at the layout ({reason})", reason=reason), where, how, n, 1, _("1 setting"), found[0])
        elif reason not in NO_FIX:
            single[source, reason] += found
    for (source, reason), found in single.items():
        by_file = Counter(row["file"] for row in found)
        (file, most), n = by_file.most_common(1)[0], len(found)
        several = _("{source}: {count:,} files, at most {most:,} in one ({file})", source=source, count=len(by_file), most=most, file=file)
        where = f"{source}: {file}" if len(by_file) == 1 else several
        yield Fix(_("mend rows: {reason}", reason=reason), where, _(ACTIONS[reason]), n, n, _rows(n, _), found[0])


def _rows(count: int, _: Words) -> str:
    return _("1 row") if count == 1 else _("{count:,} rows", count=count)


def _conflicts(rows: Sequence[RowMapping], _: Words) -> Iterable[Fix]:
    """Many contradictions between the same two are one decision: an outdated edition, a key column off by one."""
    by_id = {row["record_id"]: row for row in rows}
    sides: dict[frozenset[str], tuple[RowMapping, RowMapping]] = {}
    for row in rows:
        if row["disposition"] == Disposition.CONFLICT:
            other = by_id[row["representative_id"]]
            if other["disposition"] != Disposition.CONFLICT:
                continue  # a reviewer stands for that side
            sides.setdefault(frozenset((row["content_id"], other["content_id"])), (row, other))
    for part in ("source", "file"):
        between: defaultdict[tuple[str, str], list[tuple[RowMapping, RowMapping]]] = defaultdict(list)
        for pair in sides.values():
            first, second = sorted(side[part] for side in pair)
            between[first, second].append(pair)
        for (first, second), found in between.items():
            if first != second and len(found) >= COMMON_ROWS:
                how = _("if one of the two is outdated or wrong, leaving it out settles all; else look at both keys of each")
                where = _("{one} against {other}", one=first, other=second)
                yield Fix(_("settle conflicting keys"), where, how, len(found), 1, _("1 decision"), found[0][0])
                sides = {key: pair for key, pair in sides.items() if pair not in found}
    if sides:
        n, row = len(sides), next(iter(sides.values()))[0]
        where = ", ".join(sorted({side["source"] for pair in sides.values() for side in pair}))
        how, effort = _(ACTIONS[Reason.CONFLICTING_ANSWERS]), _("1 look") if n == 1 else _("{count:,} looks", count=n)
        yield Fix(_("settle conflicting keys"), where, how, n, n, effort, row)


def _weak(rows: Sequence[RowMapping], _: Words) -> Iterable[Fix]:
    groups: defaultdict[tuple[str, tuple[str, ...]], list[RowMapping]] = defaultdict(list)
    for row in rows:
        if row["disposition"] == Disposition.FILTERED:
            groups[row["source"], tuple(row["flags"] or [])].append(row)
    for (source, flags), found in groups.items():
        n, named = len(found), ", ".join(flags) or _("no flag")
        what = _("mend weak questions ({flags})", flags=named)
        yield Fix(what, source, _(ACTIONS[Reason.BELOW_MIN_SCORE]), n, n, _rows(n, _), found[0])
