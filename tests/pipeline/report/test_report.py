"""The report: what it says is so, nothing that a question says acts as markup, and few rows make it say "undefined", not crash."""

import html
import re

import pytest

from pipeline.common.store.lake import Version
from pipeline.common.translations import ENGLISH, Words
from pipeline.report import build_report
from pipeline.report.document import Heading, Picture, TableBlock, Text, to_html
from pipeline.report.remedies import ACTIONS, rank_fixes
from schemas.reasons import Disposition, Reason
from schemas.tables.arrow import to_frame
from schemas.tables.curation import LedgerRow, Pair, Quality


def row(number, disposition="train", **more):
    row = dict.fromkeys(LedgerRow.model_fields) | {"record_id": f"r{number}", "disposition": disposition, "source": "s", "role": "train"}
    row |= {"file": "a.json", "locator": f"a.json#item:{number}", "reason_codes": [], "repairs": [], "dataset_version": "v", "licence": ""}
    row |= {"file_sha256": "", "payload": "{}", "language": "en"}
    if disposition != "rejected":
        row |= {
            "stem": f"Question {number}?",
            "options": ["w", "x", "y", "z"],
            "answer_index": number % 4,
            "quality_score": 1.0,
            "flags": [],
        }
        row |= {"content_id": f"c{number}", "split_group": f"c{number}", "fixed_order": False}
    if disposition in ("train", "validation", "test"):
        row["split"] = disposition
    return row | more


def rejected(number, reason, **more):
    return row(number, "rejected", reason_codes=[reason], detail=f"seen {number}", **more)


def blocks(rows, **more):
    return build_both(rows, **more)[0]


def build_both(rows, pairs=(), quality=(), replaces=None, **more):
    counts = {str(name): sum(r["disposition"] == name for r in rows) for name in Disposition}
    config = {"split": {"method": "hash"}, "quality": {"min_score": 0.5}}
    version = Version("d", "v", {}, counts, config, "run", "2026-01-01", replaces=replaces)
    return build_report(to_frame(rows, LedgerRow), to_frame(list(quality), Quality), to_frame(list(pairs), Pair), version, **more)


def section(found, title):
    """The blocks below a heading."""
    blocks_ = found.blocks
    start = next(i for i, block in enumerate(blocks_) if isinstance(block, Heading) and block.text == title)
    following = [i for i, block in enumerate(blocks_) if isinstance(block, Heading) and i > start]
    return blocks_[start + 1 : following[0] if following else None]


def table(found, title, number=0):
    return [block for block in section(found, title) if isinstance(block, TableBlock)][number]


SETS = {
    "empty": [],
    "one row": [row(1)],
    "all rejected": [rejected(i, "missing_answer") for i in range(5)],
    "only a benchmark": [row(1, "benchmark", role="benchmark")],
    "one position": [row(4 * i) for i in range(40)],
}


@pytest.mark.parametrize("rows", SETS.values(), ids=SETS)
def test_few_rows_give_a_page_that_says_undefined(rows):
    found = blocks(rows)
    text = to_html(found)
    assert "undefined" in text.lower()
    assert "nan" not in re.sub(r"base64,[^\"]*", "", text).lower().split()


def test_nothing_that_a_question_says_is_markup():
    evil = "<script>alert(1)</script> ![x](http://evil/p.png) [a](javascript:1) | `c` **b** $x$ <img src=x onerror=1> &lt; </style> </title> \"'> {{ 7 * 7 }} {% raw %}"
    rows = [
        row(1, stem=evil, options=[evil, "b"], answer_index=0, flags=["noise"], subject=evil, locator=f"{evil}#item:1"),
        row(2, "conflict", reason_codes=["conflicting_answers"], representative_id="r3", stem=evil, detail=evil),
        row(3, "conflict", reason_codes=["conflicting_answers"], representative_id="r2", stem=evil, detail=evil),
        row(4, "duplicate", reason_codes=["duplicate_same"], representative_id="r1", relation="same", stem=evil, detail=evil),
        rejected(5, "malformed_row", payload=evil, file=evil),
    ]
    found = blocks(rows)
    page_text = to_html(found)
    assert "<script" not in page_text
    assert "<img src=x" not in page_text
    assert page_text.count("</style>") == page_text.count("</title>") == 1
    assert "{{ 7 * 7 }} {% raw %}" in page_text
    assert "49" not in re.sub(r"base64,[^\"]*", "", page_text)
    assert html.unescape(page_text).count(evil) > 5
    assert set(re.findall(r"<img src=\"(.{10})", page_text)) == {"data:image"}


def test_every_reason_has_something_to_do():
    assert set(ACTIONS) == set(Reason)


def test_one_setting_for_many_rows_goes_before_many_rows():
    rows = [rejected(i, "ambiguous_answer_base", file="base.csv") for i in range(20)]
    rows += [rejected(100 + i, "missing_answer", file="keys.csv") for i in range(30)]
    rows += [row(200 + i, file="keys.csv") for i in range(60)]
    first, second = rank_fixes(rows)
    assert (first.questions, first.acts, first.where) == (20, 1, "s: base.csv")
    assert "answer_format" in first.how
    assert (second.questions, second.acts, second.what) == (30, 30, "mend rows: missing_answer")


@pytest.mark.parametrize(("good", "acts"), [(6, 1), (7, 6)])
def test_a_reason_that_half_of_a_file_shares_is_one_cause(good, acts):
    rows = [rejected(i, "answer_not_in_options") for i in range(6)] + [row(10 + i) for i in range(good)]
    (fix,) = rank_fixes(rows)
    assert (fix.questions, fix.acts) == (6, acts)


@pytest.mark.parametrize(("pairs", "acts"), [(2, 2), (3, 1)])
def test_many_contradictions_of_two_sources_are_one_decision(pairs, acts):
    rows = []
    for i in range(pairs):
        rows.append(row(i, "conflict", source="new", representative_id=f"r{100 + i}"))
        rows.append(row(100 + i, "conflict", source="old", representative_id=f"r{i}"))
    (fix,) = rank_fixes(rows)
    assert (fix.questions, fix.acts) == (pairs, acts)
    assert "new" in fix.where
    assert "old" in fix.where


def test_what_needs_no_hand_is_no_fix():
    rows = [row(1), row(2, "duplicate", reason_codes=["duplicate_exact"], representative_id="r1")]
    rows += [rejected(3, "not_multiple_choice"), row(4, "contaminated", reason_codes=["contaminated_exact"], representative_id="r1")]
    assert rank_fixes(rows) == []


def test_conflicts_stand_once_with_both_keys():
    rows = [row(i, "conflict", answer_index=i, representative_id=f"r{1 - i}", reason_codes=["conflicting_answers"]) for i in (0, 1)]
    ((question, one, other),) = table(blocks(rows), "Conflicting keys").rows
    assert question == "Question 0?"
    assert (one[0].text, other[0].text) == ("A. w", "B. x")
    assert (one[1].text, other[1].text) == ("a.json#item:0", "a.json#item:1")


def test_a_duplicate_names_what_was_kept_and_why():
    rows = [row(1), row(2, "duplicate", reason_codes=["duplicate_same"], representative_id="r1", relation="same", split=None)]
    pair = {"left_id": "r1", "right_id": "r2", "relation": "same", "similarity": 0.9, "why": "only punctuation differs"}
    ((kept, lost),) = table(blocks(rows, pairs=[pair]), "Duplicates").rows
    assert kept[0].text == "a.json#item:1"
    assert [line.text for line in lost] == ["a.json#item:2", "Question 2?", "same: only punctuation differs (similarity 0.90)"]


def test_contamination_is_counted_by_relation_and_shared_13grams_only_flag():
    rows = [row(1, "benchmark", role="benchmark"), row(2, flags=["shared_13gram"])]
    rows += [row(3, "contaminated", reason_codes=["contaminated_variant"], representative_id="r1")]
    found = blocks(rows)
    counts = {line[0][0].text: line[1] for line in table(found, "Contamination").rows}
    assert counts == {"exact": 0, "same": 0, "variant": 1, "conflict": 0, "cluster": 0}
    assert any(
        isinstance(block, Text) and "13-gram only flags: 1 records, 1 of them in a split" in block.text
        for block in section(found, "Contamination")
    )


def test_each_flag_has_a_count_and_an_example_in_words():
    quality = [{"record_id": "r1", "quality_score": 0.9, "flags": ["noise"], "explanations": ["odd characters (0.2)"], "signals": "{}"}]
    ((flag, n, kept, filtered, example),) = table(blocks([row(1, flags=["noise"]), row(2)], quality=quality), "Quality").rows
    assert (flag[0].text, n, kept, filtered) == ("noise", 1, 1, 0)
    assert [line.text for line in example] == ["a.json#item:1", "Question 1? [B. x]", "odd characters (0.2)"]


def test_a_position_that_is_right_too_often_is_marked():
    found = table(blocks([row(4 * i) for i in range(30)] + [row(1)]), "Answer positions")
    assert found.rows[0][0] == "A"
    assert 0 in found.marked
    assert found.rows[0][-1] == "before, after: outside"


def test_split_balance_has_a_row_a_value_and_marks_what_chance_seldom_gives():
    rows = [row(i, ("train", "test")[i >= 80], source="ab"[i >= 80]) for i in range(100)] + [row(100 + i, source="c") for i in range(10)]
    found = table(blocks(rows), "Balance of the splits", 1)
    by_source = {line[1]: line for line in found.rows if line[0] == "source"}
    assert by_source["a"][2::2] == ["80", "0", "train, test"]
    assert by_source["b"][4] == "20"
    assert by_source["c"][-1] == "none"
    assert {line[1] for place, line in enumerate(found.rows) if place in found.marked and line[0] == "source"} == {"a", "b"}


def test_rare_values_within_chance_are_counted_not_shown():
    rows = [row(i, ("train", "test")[i // 40 % 2], subject=f"subject {i % 40}") for i in range(400)]
    found = section(blocks(rows), "Balance of the splits")
    subjects = [line for line in found[3].rows if line[0] == "subject"]
    assert len(subjects) + int(found[4].text.split()[0]) == 40
    assert len(subjects) >= 12


def test_set_level_baselines_are_shown_where_they_were_measured():
    measured = {"name": "longest_option", "group": "all", "value": 0.31, "low": 0.25, "high": 0.375, "expected": 0.25, "questions": 40}
    tiny = dict.fromkeys(measured) | {"name": "choices_only", "group": "all", "questions": 1}
    found = table(blocks([row(1)], set_level=[measured | {"says": "the longest"}, tiny | {"says": "too few"}]), "Baselines")
    assert [line[1:] for line in found.rows] == [
        ["0.310", "0.250–0.375", "0.250", 40],
        ["undefined", "undefined", "undefined", 1],
    ]
    assert "Baselines" not in [block.text for block in blocks([row(1)]).blocks if isinstance(block, Heading)]


def test_the_page_needs_nothing_from_elsewhere():
    found = blocks([row(i) for i in range(20)])
    text = to_html(found)
    assert "http" not in re.sub(r"base64,[^\"]*|http-equiv", "", text)
    assert sum(isinstance(block, Picture) for block in found.blocks) >= 3


def both(rows, **more):
    return build_both(rows, languages=[ENGLISH, Words("vi")], **more)


def test_the_page_is_the_same_in_both_languages_but_for_its_words():
    rows = [row(i) for i in range(30)] + [row(100, "conflict", reason_codes=["conflicting_answers"], representative_id="r101")]
    rows += [row(101, "conflict", reason_codes=["conflicting_answers"], representative_id="r100"), rejected(102, "missing_answer")]
    english, vietnamese = both(rows)
    assert [type(block) for block in english.blocks] == [type(block) for block in vietnamese.blocks]
    assert anchors(english) == anchors(vietnamese)
    assert vietnamese.title == "Chất lượng dữ liệu của d"
    for one, other in zip(english.blocks, vietnamese.blocks, strict=True):
        if isinstance(one, Text | Heading | Picture):
            assert texts(one) != texts(other)
        if isinstance(one, TableBlock):
            assert len(one.rows) == len(other.rows)
            assert list(one.columns) != list(other.columns)


def anchors(page):
    return [block.anchor for block in page.blocks if isinstance(block, Heading)]


def texts(block):
    return block.says if isinstance(block, Picture) else block.text


def test_each_page_leads_to_the_other_language():
    english, vietnamese = both([row(1)])
    assert '<a href="v.vi.html" hreflang="vi" lang="vi">Tiếng Việt</a>' in to_html(english, {"vi": "v.vi.html"})
    page = to_html(vietnamese, {"en": "v.html"})
    assert '<html lang="vi">' in page
    assert '<a href="v.html" hreflang="en" lang="en">English</a>' in page


def test_flags_are_explained_in_the_language_of_the_page():
    quality = [{"record_id": "r1", "quality_score": 0.9, "flags": ["noise"], "explanations": ["x"], "signals": '{"noise":0.31234567}'}]
    english, vietnamese = both([row(1, flags=["noise"]), row(2)], quality=quality)
    ((flag, *_, example),) = table(english, "Quality").rows
    assert flag[1].text == "the stem holds odd or damaged characters"
    assert example[2].text == "measured 0.312, fires from 0.3, costs 0.5 of the score"
    ((flag, *_, example),) = table(vietnamese, "Chất lượng").rows
    assert flag[1].text == "câu hỏi chứa ký tự lạ hoặc bị hỏng"
    assert example[2].text == "đo được 0,312, bật từ 0,3, trừ 0,5 điểm"


def test_records_and_lists_are_links_to_the_audit_server_and_to_nowhere_else():
    evil = 'a"><script>alert(1)</script>&file=x#item:1'
    rows = [row(i, locator=evil, file=evil) for i in range(20)] + [rejected(30, "missing_answer", locator=evil, file=evil)]
    base = "http://127.0.0.1:8001"
    files = [dict(NAMED, file=evil, looks=["one"])]
    for page in both(rows, audit_url=base, files=files):
        addresses = set(map(html.unescape, re.findall(r"\"(https?:[^\"]*)\"", to_html(page))))
        assert f"{base}/record/r30?dataset=d" in addresses
        assert f"{base}/records?dataset=d&reason=missing_answer" in addresses
        assert all(address.startswith((f"{base}/record/", f"{base}/records?")) for address in addresses)
        assert not any(mark in address for address in addresses for mark in '<>" ')
    assert "<script" not in to_html(page)


NAMED = {"part": "", "reader": "exam", "layout": "headers", "records": 4, "rejected": 0, "unread_fraction": None, "unread": []}


def test_without_an_audit_server_nothing_is_a_link():
    assert "/record" not in to_html(blocks([rejected(1, "missing_answer"), row(2)]))


def test_a_version_says_what_it_replaces():
    assert "It replaces nothing: it is the first one." in blocks([row(1)]).blocks[0].text
    assert "It replaces `v0`." in blocks([row(1)], replaces="v0").blocks[0].text


def test_no_backtick_is_left_on_the_page():
    rows = [
        rejected(i, reason, locator=f"a#{i}") for i, reason in enumerate(Reason) if not reason.startswith(("dup", "cont", "conf", "below"))
    ]
    for page in both(rows):
        assert "`" not in to_html(page)
