"""The measure of benchmarks.normalisation on answers that can be checked by eye."""

import math

from benchmarks.normalisation import Answer, line


def test_a_row_counts_what_each_unit_gets_right_and_which_choices_it_changes():
    alike = Answer(["no", "on"], [1, 1], [-2.0, -2.0], 0)
    # By what a choice is divided decides here: the sum and the token take the second, the byte the first, the character the third.
    mixed = Answer(["được", "no", "yes, it is"], [4, 2, 6], [-8.0, -3.6, -17.0], 2)
    name, questions, none, token, byte, character, changed = line("two", [alike, mixed])
    assert (name, questions, changed) == ("two", "2", "1 / 1 / 1")
    assert [cell.split()[0] for cell in (none, token, byte, character)] == ["1", "1", "1", "2"]
    own = (math.log(2) + math.log(1 + math.exp(13.4) + math.exp(9))) / 2
    assert none == f"1 ({own:.2f})"
