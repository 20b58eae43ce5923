"""Letters that mark options."""

LETTERS = "ABCDEFGHIJ"
# Letters that look Latin and come from a Cyrillic or Greek keyboard.
LOOKALIKE = str.maketrans("АВСЕНавсеΑΒΕΗ", "ABCEHabceABEH")
MARK_LETTER = "A-JАВСЕНΑΒΕΗ"
