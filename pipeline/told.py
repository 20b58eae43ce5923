"""The `detail` of a record, a file or a decision in a reader's language: tables hold it in English, and its templates stand in
schemas/details.py.

A text that isn't wholly understood stays as it is, and so does one that can be understood in two ways: half a translated sentence, or
one that says what the English doesn't, would be worse than English.
"""

from functools import cache
from typing import Any

from pipeline.assess.signals import SIGNALS
from pipeline.common.templates import SEPARATOR, TOLD, Steps, Template
from pipeline.common.translations import Words, catalogue, fields_of
from schemas.details import DETAILS
from schemas.reasons import REASON_TEXT
from schemas.wording import LOOK_TEXT

# Longer texts, or of more sentences, than the code writes are left as they are.
MAX_CHARS, MAX_SENTENCES, MAX_DEPTH, MAX_STEPS = 20_000, 24, 4, 20_000
# A word of a decision that means something else as a disposition.
_BARE = {"rejected": "rejected by decision"}
_EXPLAINED = {
    "en": Template("{says} ({name:code} {value}, threshold {threshold}, -{penalty})"),
    "vi": Template("{says} ({name:code} {value}, ngưỡng {threshold}, -{penalty})"),
}


def detail_told(detail: str | None, words: Words) -> str:
    """A detail in the language of the words; "" for none.

    >>> detail_told("two options read 'Huế'; it comes with the picture map.png", Words("vi"))
    "hai phương án cùng ghi 'Huế'; câu này đi kèm hình map.png"
    """
    if not detail or words.language == "en":
        return detail or ""
    return _Telling(words).tell(detail) or detail


def look_told(look: str, words: Words) -> str:
    """Why a person should look at a file, with the detail in it told as well."""
    if words.language == "en":
        return look
    for template in LOOK_TEXT.values():
        values = fields_of(template, look)
        if values is not None and "detail" in values:
            detail = _Telling(words).tell(values["detail"])
            return look if detail is None else words(template, **values | {"detail": detail})
    return words.retold(look, LOOK_TEXT.values())


@cache
def _templates() -> list[Template]:
    """All templates, the most specific first."""
    return sorted(map(Template, {*DETAILS, *REASON_TEXT.values()}), key=lambda template: (-template.literal_chars, template.text))


@cache
def _translated(text: str, language: str) -> Template | None:
    """The template in that language; None where it has no translation."""
    said = catalogue(language).get(text)
    return None if said is None else Template(said)


class _Telling:
    """One detail on its way: it is bounded as a whole."""

    def __init__(self, words: Words) -> None:
        self.words, self.steps = words, Steps(MAX_STEPS)
        self.known: dict[tuple[str, int], str | None] = {}

    def tell(self, text: str, depth: int = 0) -> str | None:
        """The text in the language, sentence by sentence; None where a part of it isn't understood."""
        if len(text) > MAX_CHARS or depth > MAX_DEPTH:
            return None
        if (text, depth) not in self.known:
            self.known[text, depth] = None
            self.known[text, depth] = self._sentences(text, depth)
        return self.known[text, depth]

    def _sentences(self, text: str, depth: int) -> str | None:
        if (whole := self._sentence(text, depth, loose=False)) is not None:
            return whole
        if SEPARATOR not in text:
            return None
        if text.count(SEPARATOR) < MAX_SENTENCES:
            end = text.find(SEPARATOR)
            while end >= 0:
                first = self._sentence(text[:end], depth, loose=False)
                rest = self.tell(text[end + len(SEPARATOR) :], depth) if first is not None else None
                if first is not None and rest is not None:
                    return f"{first}{SEPARATOR}{rest}"
                end = text.find(SEPARATOR, end + 1)
        return self._sentence(text, depth, loose=True)

    def _sentence(self, text: str, depth: int, loose: bool) -> str | None:
        text = _BARE.get(text, text)
        for template in _templates():
            if not text.startswith(template.parts[0].literal):
                continue
            found = template.read(text, lambda value: self.tell(value, depth + 1) is not None, self.steps, loose)
            if len(found) > 1:
                return None
            if found:
                translated = _translated(template.text, self.words.language)
                return None if translated is None else translated.filled(self._values(template, found[0], depth))
        return self._signal(text)

    def _values(self, template: Template, values: dict[str, str], depth: int) -> dict[str, str]:
        kinds = {part.name: part.kind for part in template.parts}
        return {
            name: self.tell(value, depth + 1) or value if kinds[name] == TOLD else self.words.marked(value) if kinds[name] == "n" else value
            for name, value in values.items()
        }

    def _signal(self, text: str) -> str | None:
        """A quality signal's sentence, which is in the language of its question."""
        signals = {signal.name: signal for signal in SIGNALS}
        for written in _EXPLAINED.values():
            for found in written.read(text, lambda _: False, self.steps):
                signal: Any = signals.get(found["name"])
                if signal is not None and found["says"] in (signal.says, signal.says_vi):
                    marked = {name: self.words.marked(found[name]) for name in ("value", "threshold", "penalty")}
                    says = signal.says_vi if self.words.language == "vi" else signal.says
                    return _EXPLAINED[self.words.language].filled(found | marked | {"says": says})
        return None
