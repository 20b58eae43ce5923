"""Sentences read back by their templates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.common.templates import Steps, Template

PLENTY = 1000


def read(template, text, tells=lambda _: False, steps=PLENTY, loose=False):
    return Template(template).read(text, tells, Steps(steps), loose)


def test_fields_hold_what_their_kinds_say():
    assert read("{count:n} of {all:n} keys", "1,234 of 45.5% keys") == [{"count": "1,234", "all": "45.5%"}]
    assert read("{count:n} keys", "no keys") == []
    assert read("record {record:id}", "record 1003c9439e802745") == [{"record": "1003c9439e802745"}]
    assert read("record {record:id}", "record 1003c9439e8027451") == []
    assert read("{letter:letter} ticked", "B ticked") == [{"letter": "B"}]
    assert read("{code:code}: x", "missing_answer: x") == [{"code": "missing_answer"}]


@given(st.text(), st.text())
def test_a_quoted_text_is_read_whole_whatever_it_holds(one, other):
    template = "its key {key:q} is contradicted by {other:q}, the key of it"
    said = f"its key {one!r} is contradicted by {other!r}, the key of it"
    assert read(template, said) == [{"key": repr(one), "other": repr(other)}]


@given(st.text(alphabet=" ;()abx:", max_size=20), st.text(alphabet=" ;()abx:", max_size=20))
def test_what_is_read_is_what_was_written_or_nothing_is_certain(one, other):
    found = read("the {first} and ({second:any}) end", f"the {one} and ({other}) end", loose=True)
    assert len(found) != 1 or found == [{"first": one, "second": other}]


@given(st.text(max_size=60))
def test_a_sentence_filled_with_what_was_read_is_the_sentence(text):
    template = Template("two {texts}: {names:any}")
    assert all(template.filled(values) == text for values in template.read(text, lambda _: False, Steps(PLENTY), loose=True))


def test_two_ways_to_read_it_are_both_found():
    assert len(read("{first} and {second}", "a and b and c")) == 2


def test_a_plain_field_holds_one_sentence():
    assert read("it comes with {picture}", "it comes with a.png; b.png") == []
    assert read("it comes with {picture:any}", "it comes with a.png; b.png") == []
    assert read("it comes with {picture:any}", "it comes with a.png; b.png", loose=True) == [{"picture": "a.png; b.png"}]


def test_a_told_field_holds_what_is_known():
    assert read("it is {what:told} ({name})", "it is an essay (x)", {"an essay"}.__contains__) == [{"what": "an essay", "name": "x"}]
    assert read("it is {what:told} ({name})", "it is a poem (x)", {"an essay"}.__contains__) == []


def test_braces_stand_doubled_in_a_template():
    assert read('type="{{}}": {{{block:any}}}', 'type="{}": {a: b}') == [{"block": "a: b"}]


def test_the_work_is_bounded():
    assert read("{a} x {b} x {c} x {d}.", " x " * 100_000, steps=500) == []


@pytest.mark.parametrize("template", ["{count:number} keys", "{one}{other}"])
def test_a_template_that_cannot_be_read_back_is_refused(template):
    with pytest.raises(ValueError, match="fields"):
        Template(template)
