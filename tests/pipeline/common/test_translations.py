import re
from string import Formatter

import pytest

from pipeline.common.reviewers import by
from pipeline.common.translations import ENGLISH, LANGUAGES, Said, Words, catalogue, fields_of, translator
from pipeline.deduplicate.rules import RULES
from pipeline.deduplicate.told import TEMPLATES, told
from schemas.wording import LOOK_TEXT

VIETNAMESE = Words("vi")


def test_a_text_without_a_translation_stays():
    assert translator("vi")("no such text in the catalogue") == "no such text in the catalogue"


def test_every_language_has_its_catalogue():
    assert catalogue("en") == {}
    assert all(catalogue(language) for language in LANGUAGES if language != "en")
    assert translator("vi")("rejected") == "bị loại khi đọc"


def test_numbers_are_written_as_the_language_writes_them():
    assert (ENGLISH.number(45046), VIETNAMESE.number(45046), VIETNAMESE.number(0.99, 3)) == ("45,046", "45.046", "0,990")
    assert ENGLISH(
        "{share:.0%} of stems follow one of {count} patterns; the commonest is “{pattern}”", share=0.2, count=3, pattern="1.5, 2"
    )
    assert "1.5, 2" in VIETNAMESE("{count:,} subjects, {subject} has {share:.0%}", count=1200, subject="1.5, 2", share=0.125)
    assert "1.200" in VIETNAMESE("{count:,} subjects, {subject} has {share:.0%}", count=1200, subject="x", share=0.125)


def test_what_stands_in_a_field_is_data():
    evil = "{0} {evil.__class__} {subject}"
    assert evil in VIETNAMESE("{count:,} subjects, {subject} has {share:.0%}", count=2, subject=evil, share=0.5)
    assert VIETNAMESE.say(Said("mend rows: {reason}", {"reason": evil})) == f"sửa các dòng: {evil}"


@pytest.mark.parametrize("text", LOOK_TEXT.values())
def test_a_sentence_of_a_table_is_retold_with_what_stood_in_it(text):
    names = [name for _, name, _, _ in Formatter().parse(text) if name]
    values = {name: f"<{name}> {{x}} 1,234 '{name}'" for name in names}
    assert fields_of(text, text.format(**values)) == values
    assert VIETNAMESE.retold(text.format(**values), LOOK_TEXT.values()) == VIETNAMESE(text, **values)


def test_a_number_in_a_sentence_of_a_table_is_written_as_the_language_writes_it():
    said = LOOK_TEXT["refused"].format(rejected="1,234", records="45,046", reason="missing_answer")
    assert VIETNAMESE.retold(said, LOOK_TEXT.values()).startswith("1.234 trên 45.046 bản ghi")


@pytest.mark.parametrize("text", ["", "no such sentence", "3 of 4 records are refused", "it can't be read"])
def test_a_sentence_of_no_template_stays(text):
    assert VIETNAMESE.retold(text, LOOK_TEXT.values()) == text


@pytest.mark.parametrize(
    ("template", "text", "found"), [("", "", {}), ("a", "ab", None), ("{x}", "", {"x": ""}), ("{x}b", "abb", {"x": "ab"})]
)
def test_fields_end_where_the_template_goes_on(template, text, found):
    assert fields_of(template, text) == found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_what_each_rule_saw_is_told_in_vietnamese(rule):
    saw = re.sub(r"\{:\w+\}", "“x” and “y”", rule.saw)
    said = told(f"{rule.name}: {saw}", VIETNAMESE)
    assert said != saw
    assert "{" not in said
    assert ("“x” and “y”" in said) == ("“x”" in saw)
    assert told(f"{rule.name}: {saw}", ENGLISH) == saw


def test_a_rule_that_denies_another_is_told_with_it():
    said = told("denial_or_name: same stem, options and answer, but a denial or a name differs", VIETNAMESE)
    assert said == "cùng câu dẫn, phương án và đáp án, nhưng khác ở một từ phủ định hoặc một tên riêng"


@pytest.mark.parametrize(("rule", "says"), [("merged_by_reviewer", "cùng một câu hỏi"), ("apart_by_reviewer", "hai câu hỏi khác nhau")])
def test_a_pair_that_a_reviewer_decided_is_told_with_what_the_rules_said(rule, says):
    said = told(f"{rule}: {by({'who': 'Lan {x}', 'id': 'd7'})}; the rules: same, all_equal: same stem, options and answer", VIETNAMESE)
    assert said.startswith("Lan {x} xác nhận")
    assert says in said
    assert said.endswith("same: cùng câu dẫn, phương án và đáp án")


def test_another_reason_of_a_pair_stays_as_it_is():
    assert told("a reviewer said so: the same", VIETNAMESE) == "a reviewer said so: the same"
    assert set(TEMPLATES) == {rule.name for rule in RULES}
