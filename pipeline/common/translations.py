"""What people read, in their language: English is the text in the code, Vietnamese stands in `vi.po` beside this module.

Codes (reasons, dispositions, flags, repairs, relations) stay English everywhere; only the words about them are translated.
`python docs/translations.py` takes new texts of the code into the catalogue.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any, NamedTuple

LANGUAGES = ("en", "vi")
FOLDER = Path(__file__).parent / "locale"
_SWAPPED = str.maketrans(",.", ".,")
_NUMBER = re.compile(r"[0-9][0-9.,%]*")


@cache
def catalogue(language: str) -> dict[str, str]:
    """English text -> text in that language; empty for English. Texts that the translator marked as fuzzy aren't in it."""
    if language == "en":
        return {}
    from babel.messages.pofile import read_po  # here and not above: only pages for people need it

    with (FOLDER / f"{language}.po").open("rb") as stream:
        messages = read_po(stream, locale=language)
    return {str(message.id): str(message.string) for message in messages if message.id and message.string and not message.fuzzy}


def translator(language: str) -> Callable[[str], str]:
    """A function from English text to that language, which gives back what it doesn't know.

    >>> translator("en")("rejected")
    'rejected'
    """
    words = catalogue(language)
    return lambda text: words.get(text, text)


class Said(NamedTuple):
    """A sentence with named fields and what stands in them, told in a language later."""

    text: str
    values: Mapping[str, Any]


class Words(Formatter):
    """How a page speaks: sentences and numbers as readers of its language write them.

    >>> Words("vi").number(45046), Words("en").share(1, 8), Words("vi").share(0, 0)
    ('45.046', '12.5%', 'không xác định')
    """

    def __init__(self, language: str = "en") -> None:
        self.language, self._translate = language, translator(language)

    def __call__(self, text: str, /, **values: Any) -> str:
        """An English text in the language; values fill its named fields, numbers written as the language writes them."""
        told = self._translate(text)
        return self.vformat(told, (), values) if values else told

    def say(self, said: Said | str) -> str:
        """A sentence that was made before its language was known."""
        return self(said) if isinstance(said, str) else self(said.text, **said.values)

    def format_field(self, value: Any, format_spec: str) -> str:
        """The text of one field: numbers with the language's marks, all else as it is."""
        text = str(format(value, format_spec))
        return self.marked(text) if isinstance(value, int | float) else text

    def number(self, value: float, digits: int = 0) -> str:
        """A number with that many digits behind its mark."""
        return self.marked(f"{value:,.{digits}f}")

    def share(self, part: float, whole: float) -> str:
        """A share in per cent; of nothing it is undefined."""
        return self.marked(f"{100 * part / whole:.1f}%") if whole else self("undefined")

    def retold(self, text: str, templates: Iterable[str]) -> str:
        """A sentence that a table holds in English, in the language: by the template that it was written with, else as it is."""
        if self.language != "en":
            for template in templates:
                if (values := fields_of(template, text)) is not None:
                    marked = {name: self.marked(part) if _NUMBER.fullmatch(part) else part for name, part in values.items()}
                    return self(template, **marked)
        return text

    def marked(self, text: str) -> str:
        """The text of a number, as Python writes it, with the language's marks."""
        return text.translate(_SWAPPED) if self.language == "vi" else text


def fields_of(template: str, text: str) -> dict[str, str] | None:
    """What stands in the named fields of a template that a text was written with; None where the text isn't of it. A field ends where
    what follows it in the template first stands, the last one where the text's end leaves room for the rest.

    >>> fields_of("{some} of {all} rows", "3 of 4 rows"), fields_of("{some} of {all} rows", "3 rows")
    ({'some': '3', 'all': '4'}, None)
    """
    parts = [(literal, name) for literal, name, _, _ in Formatter().parse(template)]
    found: dict[str, str] = {}
    at, waiting = 0, ""
    for literal, name in parts:
        last = name is None
        where = at if not waiting else len(text) - len(literal) if last else text.find(literal, at) if literal else len(text)
        if where < at or not text.startswith(literal, where):
            return None
        if waiting:
            found[waiting] = text[at:where]
        at, waiting = where + len(literal), name or ""
    if waiting:
        found[waiting], at = text[at:], len(text)
    return found if at == len(text) else None


ENGLISH = Words()
