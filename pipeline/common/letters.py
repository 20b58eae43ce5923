"""Letters that mark options."""

import re

LETTERS = "ABCDEFGHIJ"
# Letters that look Latin and come from a Cyrillic or Greek keyboard.
LOOKALIKE = str.maketrans("АВСЕНавсеΑΒΕΗ", "ABCEHabceABEH")
MARK_LETTER = "A-JАВСЕНΑΒΕΗ"
# A cell that holds the letter of an option and nothing else.
LETTER_CELL = re.compile(r"\(?[A-Ja-j][.)]?")
