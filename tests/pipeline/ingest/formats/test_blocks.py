"""OpenTriviaQA blocks."""

TEXT = "#Q Where is it?\n^ there\nA here\nB there\n\n#Q Who?\n^ Ann\nA Ann\nB Bob\n"


def test_blocks(parse, read):
    assert parse(TEXT, "t.txt") == [("Where is it?", ["here", "there"], "there"), ("Who?", ["Ann", "Bob"], "Ann")]
    assert [row["locator"] for row in read(TEXT, "no_suffix")[0]] == ["no_suffix#block:1", "no_suffix#block:2"]


def test_a_block_without_a_key_or_with_two(reasons):
    assert reasons("#Q Where?\nA here\nB there\n\n#Q Who?\n^ Ann\n^ Bob\nA Ann\nB Bob\n", "t.txt") == [
        ["missing_answer"],
        ["multiple_answers"],
    ]


def test_a_huge_block_is_too_large(reasons):
    assert reasons("#Q " + "A. x " * 2_000_000, "t.txt") == [["too_large"]]


def test_a_block_that_grows_too_large_when_its_characters_are_composed_is_too_large(reasons):
    assert reasons(f"#Q {70_000 * chr(0xFB2C)}\n^ a\nA a\nB b", "t.txt") == [["too_large"]]
