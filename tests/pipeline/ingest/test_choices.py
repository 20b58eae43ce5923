"""Keys by place: what the options say can't be taken for another one."""

import json

from pipeline.ingest.choices import choice_cells, refused, seen_text


def test_a_key_is_its_place_whatever_the_options_read(parse):
    for options, right in ((["B", "C", "A"], 1), (["3", "2", "1"], 0), (["x. y", "A. z"], 1), (["2", "4", "6"], 2)):
        found = parse(json.dumps([choice_cells("Which?", options, [right])]), "a.json")
        assert found == [("Which?", options, options[right])]


def test_no_key_in_a_whole_file_is_no_key(reasons):
    assert reasons(json.dumps([choice_cells("Which?", ["x1", "y1"], [])] * 2), "a.json") == [["missing_answer"]] * 2


def test_several_keys_are_a_list(reasons):
    assert reasons(json.dumps([choice_cells("Which?", ["x1", "y1"], [0, 1])]), "a.json") == [["multiple_answers"]]


def test_empty_cells_are_left_out_and_the_text_is_what_people_see():
    cells = choice_cells("Which?", ["x", "y"], [0], context=None, explanation="Since.")
    assert "context" not in cells
    assert seen_text(refused("item:1", "Why?", "an essay", {"context": "A tale."})).text == "A tale.\nWhy?"
