"""What must hold after each stage. A check gives the rows that break it; an empty frame means that it holds."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.tables.arrow import to_table
from schemas.tables.bounds import violations
from schemas.tables.curation import LedgerRow, Question, Rejected
from schemas.tables.row import Row


def _frame(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(list(rows))


def unaccounted(before: pd.DataFrame, *after: pd.DataFrame) -> pd.DataFrame:
    """Records that a stage lost, invented or gave twice: `after` together must hold every record_id of `before` once."""
    if _ids(before).equals(_ids(*after)):
        return _frame([])
    expected = Counter(before["record_id"].tolist())
    found = Counter(record_id for frame in after for record_id in frame["record_id"].tolist())
    wrong = sorted(key for key in expected.keys() | found.keys() if expected[key] != found[key])
    return _frame({"record_id": key, "times_in": expected[key], "times_out": found[key]} for key in wrong)


def _ids(*frames: pd.DataFrame) -> pa.Array:
    """The record_ids of all frames, ascending: a comparison of these takes a tenth of counting them."""
    ids = pa.concat_arrays([pa.array(frame["record_id"].tolist(), pa.string()) for frame in frames])
    return ids.take(pc.sort_indices(ids))


def repeated_ids(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows whose record_id stands more than once."""
    return frame.loc[frame["record_id"].duplicated(keep=False), ["record_id", "source", "locator"]]


def files_uncounted(files: pd.DataFrame, raw: pd.DataFrame) -> pd.DataFrame:
    """Files (or parts of them) whose row counts other records than there are."""
    keys = ["source", "file", "part"]
    expected = Counter(map(tuple, raw[keys].to_numpy().tolist()))
    counted = {tuple(key): count for *key, count in files[[*keys, "records"]].to_numpy().tolist()}
    wrong = sorted(key for key in expected.keys() | counted.keys() if expected[key] != counted.get(key))
    return _frame(dict(zip(keys, key, strict=True)) | {"records": expected[key], "counted": counted.get(key)} for key in wrong)


def broken_bounds(frame: pd.DataFrame, model: type[Row], *columns: str) -> pd.DataFrame:
    """Rows that break a bound of these columns, those between columns included: once a bound, with the values that it concerns.

    The model has a record_id and a locator.
    """
    table = to_table(frame, model)
    return _frame(
        {name: table[name][row].as_py() for name in ("record_id", "locator", *rule.columns)} | {"bound": rule.says}
        for rule, rows in violations(table, model)
        if set(rule.columns) & set(columns)
        for row in rows
    )


def unexplained(rejected: pd.DataFrame) -> pd.DataFrame:
    """Rejected records without a reason code."""
    return broken_bounds(rejected, Rejected, "reason_codes")


def invalid_answers(questions: pd.DataFrame) -> pd.DataFrame:
    """Questions whose answer_index points at no option, or whose options are empty, alike, too few or too many."""
    return broken_bounds(questions, Question, "answer_index", "options")


def decisions_unlisted(decisions: pd.DataFrame, matched: pd.DataFrame, *records: pd.DataFrame) -> pd.DataFrame:
    """Lines of the reviewers' decisions that aren't listed once, and applied ones that touch a record that there isn't."""
    expected, found = Counter(matched["line"].tolist()), Counter(decisions["line"].tolist())
    known = {record_id for frame in records for record_id in frame["record_id"].tolist()} if len(decisions) else set()
    astray = {line for line, names in zip(decisions["line"], decisions["touches"], strict=True) if not known.issuperset(names)}
    wrong = sorted({line for line in expected.keys() | found.keys() if expected[line] != found[line]} | astray)
    return _frame({"line": line, "times_in": expected[line], "times_out": found[line]} for line in wrong)


def decisions_lost(decisions: pd.DataFrame) -> pd.DataFrame:
    """Lines of the reviewers' decisions that can't be read, or find no record or several."""
    lost = decisions["status"].isin(["wrong_line", "orphaned", "ambiguous"])
    return decisions.loc[lost, ["line", "who", "action", "record_id", "status", "detail"]]


def groups_across_splits(splits: pd.DataFrame) -> pd.DataFrame:
    """Split groups that stand in more than one split."""
    counts = splits.groupby("split_group")["split"].nunique()
    torn = counts[counts > 1].index
    return splits.loc[splits["split_group"].isin(torn), ["record_id", "split_group", "split"]]


def clusters_across_splits(ledger: pd.DataFrame) -> pd.DataFrame:
    """Rows of duplicate clusters that stand in more than one split."""
    placed = ledger[ledger["split"].notna() & ledger["cluster_id"].notna()]
    counts = placed.groupby("cluster_id")["split"].nunique()
    torn = counts[counts > 1].index
    return placed.loc[placed["cluster_id"].isin(torn), ["record_id", "cluster_id", "split"]]


def broken_ledger_rows(ledger: pd.DataFrame) -> pd.DataFrame:
    """Rows whose disposition, reasons, score and split contradict each other."""
    return broken_bounds(ledger, LedgerRow, "disposition", "reason_codes", "split", "quality_score")


def wrong_completions(examples: pd.DataFrame, answers: Mapping[str, str]) -> pd.DataFrame:
    """Chat examples whose completion isn't exactly the answer (record_id -> text) and the end-of-turn token that all others have.

    The loss sees the completion and nothing else. Spaces are left out of the comparison where special tokens were broken by them.
    """
    columns = ("record_id", "completion", "neutralised_tokens")
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*(examples[name].tolist() for name in columns), strict=True)]
    ends = Counter(row["completion"].removeprefix(answers.get(row["record_id"], "")) for row in rows)
    end = ends.most_common(1)[0][0] if ends else ""

    def right(row: dict[str, Any]) -> bool:
        expected, found = answers.get(row["record_id"], "\0") + end, row["completion"]
        return bool(end) and (found == expected or (row["neutralised_tokens"] > 0 and found.replace(" ", "") == expected.replace(" ", "")))

    return _frame({**row, "expected": answers.get(row["record_id"], "(no such question)") + end} for row in rows if not right(row))


def reject_share_rose(before: Mapping[str, int], now: Mapping[str, int], factor: float = 1.25, points: float = 0.01) -> str | None:
    """In words, that the share of rejected records rose by more than `factor` and by more than `points` (0.01 is a hundredth of all).

    Both map dispositions to numbers of records; the share of an empty version is 0.
    """
    was, share = (counts.get("rejected", 0) / max(1, sum(counts.values())) for counts in (before, now))
    if share <= was * factor or share - was <= points:
        return None
    return f"{share:.1%} of the records are rejected, {was:.1%} in the version before"


def shrunk_sources(before: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Sources with fewer records than in the version before. Both frames have a row a file, with `source` and `records`."""
    was, found = (frame.groupby("source")["records"].sum() for frame in (before, now))
    counts = {str(source): (int(records), int(found.get(source, 0))) for source, records in was.items()}
    return _frame({"source": name, "records before": old, "records": new} for name, (old, new) in counts.items() if new < old)


def unknown_layouts(files: pd.DataFrame) -> pd.DataFrame:
    """Files of which no column was recognised as question, options or answer."""
    return files.loc[files["layout"] == "unknown", ["file", "part", "records", "looks"]]


def no_better(mode: Mapping[str, Any]) -> str | None:
    """In words, that an adapter is not shown to be better than its base model; `mode` is the primary one of an evaluation's headline."""
    if mode["delta"] is None:
        return "nothing was measured: there was no question to ask"
    if mode["shown"] == "better":
        return None
    low, high = mode["delta_interval"] or (None, None)
    between = f", 95% interval {low:+.1%} to {high:+.1%}" if low is not None else ""
    return f"the adapter is not shown to be better than its base model: {mode['delta']:+.1%} on {mode['n']} questions{between}"
