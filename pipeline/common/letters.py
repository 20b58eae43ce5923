"""Letters that mark options."""

import re

LETTERS = "ABCDEFGHIJ"
# Letters that look Latin and come from a Cyrillic or Greek keyboard, and the wide ones of East Asian keyboards.
LOOKALIKE = str.maketrans("АВСЕНавсеΑΒΕΗＡＢＣＤＥＦＧＨＩＪａｂｃｄｅｆｇｈｉｊ", "ABCEHabceABEHABCDEFGHIJabcdefghij")
MARK_LETTER = "A-JАВСЕНΑΒΕΗＡ-Ｊ"
# A cell that holds the letter of an option and nothing else.
LETTER_CELL = re.compile(r"\(?[A-Ja-j][.)]?")
