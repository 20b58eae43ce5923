"""The ledger accounts for every record, and the version's name hangs on what was curated alone."""

import pytest

from pipeline.ledger import build_ledger, curated_rows, dataset_version, funnel, model_questions
from schemas.errors import DataError
from schemas.reasons import SPLITS, Disposition
from schemas.tables.arrow import to_frame
from schemas.tables.curation import LedgerRow, SplitRow

STAGES = ("raw_records", "questions", "rejected_records", "quality_scores", "curated_questions", "splits")


def ledger_of(tables):
    return build_ledger(*(tables[name] for name in STAGES), {}, {"school": "CC0-1.0"})


def test_every_record_has_one_row_in_its_order_with_what_each_stage_said(curated):
    rows = ledger_of(curated).to_dict("records")
    assert [row["record_id"] for row in rows] == curated["raw_records"]["record_id"].tolist()
    first, copy, rejected = rows[0], *rows[-2:]
    assert (first["disposition"], first["representative_id"]) == ("duplicate", copy["record_id"]), "of equal ones the smallest id stays"
    assert (rejected["disposition"], list(rejected["reason_codes"]), rejected["quality_score"]) == ("rejected", ["empty_stem"], None)
    assert {row["licence"] for row in rows} == {"CC0-1.0"}


def test_a_rejected_record_keeps_what_could_be_read_of_it(curated):
    refused = curated["rejected_records"].assign(stem="Which?", options=[["x", "x"]], answer_index=1, explanation="Why", original_id="q9")
    row = ledger_of({**curated, "rejected_records": refused}).to_dict("records")[-1]
    assert (row["answer_index"], row["explanation"], row["original_id"]) == (1, "Why", "q9")


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("questions", "is neither a question nor rejected; this is a bug in normalize"),
        ("rejected_records", "is neither a question nor rejected; this is a bug in normalize"),
        ("curated_questions", "has no verdict; this is a bug in select"),
        ("splits", "was kept and has no split; this is a bug in split"),
    ],
)
def test_a_record_that_a_stage_lost_is_named_with_the_stage(table, says, curated):
    with pytest.raises(DataError, match=rf"record [0-9a-f]{{16}} \(school.jsonl#line:\d+\) {says}"):
        ledger_of({**curated, table: curated[table].iloc[:-1]})


def test_the_order_of_a_stages_rows_does_not_matter(curated):
    turned = {name: frame if name == "raw_records" else frame.iloc[::-1] for name, frame in curated.items()}
    assert ledger_of(turned).equals(ledger_of(curated))


def test_the_funnel_counts_every_disposition_once_in_its_order(curated):
    counts = funnel(curated["sample_ledger"])
    assert list(counts) == list(map(str, Disposition))
    assert (counts["duplicate"], counts["rejected"], sum(counts.values())) == (1, 1, 10)
    assert set(funnel(to_frame([], LedgerRow)).values()) == {0}


def test_training_gets_the_splits_and_models_the_benchmarks_too(curated):
    ledger = curated["sample_ledger"]
    assert set(curated_rows(ledger)["split"]) <= set(map(str, SPLITS))
    assert len(curated_rows(ledger)) == 8
    held_out = ledger.assign(disposition=["benchmark", *ledger["disposition"][1:]], split=[None, *ledger["split"][1:]])
    asked = model_questions(held_out)
    assert (len(asked), asked["split"].tolist().count("benchmark")) == (9, 1)


ROWS = [{"record_id": f"{i:016x}", "content_id": f"{i:016x}", "split_group": f"{i:016x}", "split": "train"} for i in range(3)]


def version(rows=ROWS, curation=None):
    return dataset_version(to_frame(rows, SplitRow), curation or {"seed": 7})


def test_a_version_hangs_on_content_split_group_and_settings_and_on_nothing_else():
    assert version() == version(ROWS[::-1]) == version([row | {"record_id": "f" * 16} for row in ROWS])
    others = [
        version([ROWS[0] | {name: value}, *ROWS[1:]])
        for name, value in [("content_id", "e" * 16), ("split", "test"), ("split_group", "e" * 16)]
    ]
    assert len({version(), version(ROWS[1:]), version(curation={"seed": 8}), *others}) == 6
    assert len(version([])) == 12
