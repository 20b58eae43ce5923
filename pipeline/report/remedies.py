"""What a person can mend, ranked by the questions that one act brings back: a setting that decides a whole file goes before a
hundred keys to look up, one by one."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipeline.common.text import one_line
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
SETTINGS = {Reason.UNKNOWN_LAYOUT: "name the columns", Reason.AMBIGUOUS_ANSWER_BASE: "set the answer base"}
WHOLE_FILE = {Reason.UNREADABLE_FILE: "make the file readable"}
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
    """One thing to do: `questions` come back (at most) for `acts` acts; `effort` says what an act is."""

    what: str
    where: str
    how: str
    questions: int
    acts: int
    effort: str
    example: str


def rank_fixes(rows: Iterable[RowMapping]) -> list[Fix]:
    """Fixes for ledger rows, the most questions an act first, then the most questions."""
    # What a reviewer took out is done with.
    everything = [row for row in rows if Reason.REJECTED_BY_REVIEWER not in row["reason_codes"]]
    found = [*_by_file(everything), *_conflicts(everything), *_weak(everything)]
    return sorted(found, key=lambda fix: (-fix.questions / fix.acts, -fix.questions, fix.where, fix.what))


def _by_file(rows: Sequence[RowMapping]) -> Iterable[Fix]:
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
            yield Fix(SETTINGS[reason], where, ACTIONS[reason], n, 1, "1 setting", _example(found[0]))
        elif reason in WHOLE_FILE:
            yield Fix(WHOLE_FILE[reason], where, ACTIONS[reason], n, 1, "1 file", _example(found[0]))
        elif reason in LAYOUT and n >= max(COMMON_ROWS, COMMON_SHARE * size):
            how = f"{n} of {size} rows fail alike, so look for one cause with `mcq inspect FILE`: `fields:` or `answer_format:`"
            yield Fix(f"look at the layout ({reason})", where, how, n, 1, "1 setting", _example(found[0]))
        elif reason not in NO_FIX:
            single[source, reason] += found
    for (source, reason), found in single.items():
        by_file = Counter(row["file"] for row in found)
        (file, most), n = by_file.most_common(1)[0], len(found)
        where = f"{source}: {file}" if len(by_file) == 1 else f"{source}: {len(by_file):,} files, at most {most:,} in one ({file})"
        yield Fix(f"mend rows: {reason}", where, ACTIONS[reason], n, n, _rows(n), _example(found[0]))


def _example(row: RowMapping) -> str:
    return f"{row['locator']}: {one_line(row['detail'] or row['stem'] or '')}"


def _rows(count: int) -> str:
    return f"{count:,} row{'s' * (count != 1)}"


def _conflicts(rows: Sequence[RowMapping]) -> Iterable[Fix]:
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
                how = "if one of the two is outdated or wrong, leaving it out settles all; else look at both keys of each"
                yield Fix("settle conflicting keys", f"{first} against {second}", how, len(found), 1, "1 decision", _example(found[0][0]))
                sides = {key: pair for key, pair in sides.items() if pair not in found}
    if sides:
        n, (row, _) = len(sides), next(iter(sides.values()))
        where = ", ".join(sorted({side["source"] for pair in sides.values() for side in pair}))
        how = ACTIONS[Reason.CONFLICTING_ANSWERS]
        yield Fix("settle conflicting keys", where, how, n, n, f"{n:,} look{'s' * (n != 1)}", _example(row))


def _weak(rows: Sequence[RowMapping]) -> Iterable[Fix]:
    groups: defaultdict[tuple[str, tuple[str, ...]], list[RowMapping]] = defaultdict(list)
    for row in rows:
        if row["disposition"] == Disposition.FILTERED:
            groups[row["source"], tuple(row["flags"] or [])].append(row)
    for (source, flags), found in groups.items():
        n, first = len(found), found[0]
        yield Fix(
            f"mend weak questions ({', '.join(flags) or 'no flag'})",
            source,
            ACTIONS[Reason.BELOW_MIN_SCORE],
            n,
            n,
            _rows(n),
            _example(first),
        )
