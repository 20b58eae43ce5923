"""What people read, in their language: English is the text in the code, Vietnamese stands in `vi.po` beside this module.

Codes (reasons, dispositions, flags, repairs, relations) stay English everywhere; only the words about them are translated.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "vi")
FOLDER = Path(__file__).parent / "locale"


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
