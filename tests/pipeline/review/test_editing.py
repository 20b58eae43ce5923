import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.common.text import clean
from pipeline.review.editing import FIELDS, from_edit, to_edit, without_comments

TEXTS = st.text(
    alphabet=st.one_of(st.sampled_from(":-#'\"|>&*!%@`{}[],? \n=éạ"), st.characters(exclude_categories=["Cs"])), max_size=40
).map(clean)


@given(stem=TEXTS, context=TEXTS, options=st.lists(TEXTS, min_size=2, max_size=5))
def test_what_nobody_touched_comes_back_as_it_was(stem, context, options):
    row = {"stem": stem, "context": context, "options": options}
    assert from_edit(without_comments(to_edit(row, "id\nhow to", "wrong: yes"))) == {
        "stem": stem.strip(),
        "context": context.strip(),
        "options": [option.strip() for option in options],
    }


def test_a_record_without_text_gives_a_form_to_fill_in():
    text = to_edit({"stem": None, "context": None, "options": None}, "id")
    assert from_edit(text) == {"stem": "", "context": "", "options": ["", ""]}
    assert all(f"\n{name}:" in text for name in FIELDS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stem: |-\n  a\n", "context, options is gone"),
        ("stem: a\ncontext: b\noptions: c\n", "options is no list of texts"),
        ("stem: [a]\ncontext: b\noptions: [c, d]\n", "stem is no text"),
        ("stem: a\ncontext: b\noptions: [c, d]\nkey: B\n", "unknown key"),
        ("stem: a: b\n", "no YAML any more"),
        ("just text", "expected stem:"),
        ("stem: !!python/object/apply:os.system [x]\ncontext: a\noptions: [a, b]", "stem is no text"),
        ("[" * 600, "nested too deep|no YAML"),
        ("x" * 2_000_001, "more than 2,000,000"),
    ],
)
def test_what_can_not_be_read_is_told_in_words(text, said):
    with pytest.raises(ValueError, match=said):
        from_edit(text)
