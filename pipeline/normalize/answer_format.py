"""How the keys of a file are written (letters, texts, or numbers from 0 or from 1), decided over all of its rows."""

from collections.abc import Iterable
from math import prod
from typing import NamedTuple

from pipeline.common.grammar.keys import letter_of, number_of
from pipeline.common.text import fold_option

# All number keys being texts of options by accident: under this probability they are meant as texts.
CHANCE = 0.01


class AnswerFormat(NamedTuple):
    """How keys are written in a file. `name`: letter, text, index0, index1 or ambiguous, of most keys; `detail` says what decided it;
    `numbers` is how keys that are numbers are read, `others` how those that are none (letter or text)."""

    name: str
    detail: str
    numbers: str
    others: str


def find_answer_format(rows: Iterable[tuple[object, list[str]]], column_base: int | None = None, are_places: bool = False) -> AnswerFormat:
    """Decides over all (key, option texts) of a file whose options don't bear labels of their own.

    Numbers count from 0 where a 0 occurs, from 1 where a key equals the number of options, else as the options' columns are
    numbered; they are texts where that holds for more rows than counting does. A file that shows none of this is ambiguous.

    Args:
        rows: the key as found, and the texts of the options.
        column_base: 0 or 1 where the options stand in columns numbered from there.
        are_places: the key's header says that it holds numbers of options ("Correct answer #"), never their texts.

    >>> find_answer_format([(1, ["x", "y"]), (0, ["x", "y"])]).name
    'index0'
    """
    numbers: list[tuple[int, str, list[str]]] = []
    letters = texts = total = 0
    for key, options in rows:
        key = key[0] if isinstance(key, list) and len(key) == 1 else key
        text = str(key).strip() if key is not None else ""
        if not text or len(options) < 2:
            continue
        total += 1
        if (number := number_of(text)) is not None:
            numbers.append((number, text, options))
        else:
            letters += letter_of(text) is not None
            texts += _is_option(text, options)
    if not total:
        return AnswerFormat("letter", "no keys", "ambiguous", "letter")
    others = "text" if texts > letters else "letter"
    counted, why = _number_format(numbers, others == "text", column_base, are_places)
    if counted == "index0" and letters > len(numbers) and all(number == 0 for number, _, _ in numbers):
        # Among letters a 0 is a slip or says that none is right.
        counted, why = "ambiguous", f"{why}, among {letters} letters"
    if len(numbers) * 2 > total:
        return AnswerFormat(counted, why, counted, others)
    detail = f"{texts} of {total} keys are the text of an option" if others == "text" else f"{letters} of {total} keys are letters"
    return AnswerFormat(others, detail + (f"; {why}" if numbers else ""), counted, others)


def _is_option(text: str, options: list[str]) -> bool:
    if len(text) == 1 and all(len(option) > 3 for option in options):
        return False
    folded = fold_option(text)
    return any(fold_option(option) == folded for option in options)


def _number_format(
    numbers: list[tuple[int, str, list[str]]], among_texts: bool, column_base: int | None, are_places: bool
) -> tuple[str, str]:
    total = len(numbers)
    from_zero = sum(0 <= number < len(options) for number, _, options in numbers)
    from_one = sum(1 <= number <= len(options) for number, _, options in numbers)
    texts = sum(_is_option(text, options) for _, text, options in numbers)
    if are_places and total in (from_zero, from_one):
        texts = 0
    if not total:
        return "ambiguous", "no numbers"
    if texts > max(from_zero, from_one) or (texts == total and (among_texts or _chance(numbers) < CHANCE)):
        return "text", f"{texts} of {total} keys that are numbers are the text of an option"
    zeros = sum(number == 0 for number, _, _ in numbers)
    tops = sum(number == len(options) for number, _, options in numbers)
    base, why = None, f"{total} numbers as keys, {zeros} of them 0 and {tops} the number of options"
    if zeros != tops:
        base, why = (0, f"{zeros} keys are 0") if zeros > tops else (1, f"{tops} keys equal the number of options")
    elif column_base is not None and not zeros:
        base, why = column_base, f"the options' columns are numbered from {column_base}"
    if base is not None and texts == total and not all(_agree(number - base, text, options) for number, text, options in numbers):
        return "ambiguous", f"{why}, but all {total} are texts of options as well"
    return ("ambiguous" if base is None else f"index{base}"), why


def _agree(place: int, text: str, options: list[str]) -> bool:
    return 0 <= place < len(options) and fold_option(options[place]) == fold_option(text)


def _chance(numbers: list[tuple[int, str, list[str]]]) -> float:
    """Probability that counted keys would all be texts of options too, 0-1."""

    def share(options: list[str]) -> float:
        values = {number_of(option) for option in options}
        return max(sum(base + place in values for place in range(len(options))) for base in (0, 1)) / len(options)

    return prod(share(options) for _, _, options in numbers)
