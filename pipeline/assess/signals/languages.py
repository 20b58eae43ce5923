"""Signals of the language: which one it is, and whether stem and options share it. A cheap look decides nearly always; lingua is asked for the rest."""

import re
from functools import cache, lru_cache
from typing import Any

from pipeline.assess.signals.registry import signal
from pipeline.assess.signals.view import View
from pipeline.common.text import ONLY_VIETNAMESE, is_vietnamese

ENGLISH = frozenset(
    """the of is in a an to and was what which who by for on with from that are how this at it as not where when be these does has did he his its were
    or most do have had many if can name kind type called first one following after""".split()
)
# Other scripts than Latin, with Greek left out: formulas use it.
OTHER_SCRIPT = re.compile(r"[\u0400-\u052f\u0590-\u08ff\u0900-\u0dff\u0e00-\u0eff\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
CANDIDATES = ("ENGLISH", "VIETNAMESE", "FRENCH", "GERMAN", "SPANISH", "PORTUGUESE", "ITALIAN", "INDONESIAN", "LATIN")


@cache
def _detector() -> Any:
    # Loaded when it is first needed: most runs ask a few times or never. Its trigrams alone load in 0.1 s instead of 1.4.
    from lingua import Language, LanguageDetectorBuilder

    return LanguageDetectorBuilder.from_languages(*(getattr(Language, name) for name in CANDIDATES)).with_low_accuracy_mode().build()


@lru_cache(maxsize=4096)
def _foreign(text: str) -> float:
    """lingua's probability that a text is neither English nor Vietnamese, 0-1."""
    values = {value.language.name: value.value for value in _detector().compute_language_confidence_values(text)}
    return float(1.0 - values["ENGLISH"] - values["VIETNAMESE"])


def foreign(text: str) -> float | None:
    """Probability, 0-1, that a text is in a third language; None for under 25 letters or four words in small letters.

    >>> foreign("Which of these rivers flows through the old town?"), foreign("Paris")
    (0.0, None)
    """
    if len(text) < 25:
        return None
    if not text.isascii() and OTHER_SCRIPT.search(text):
        letters = sum(map(str.isalpha, text))
        return len(OTHER_SCRIPT.findall(text)) / letters if letters else None
    words = text.lower().split()
    common = sum(word in ENGLISH for word in words)
    if common * 6 >= len(words) or (common and len(words) < 40) or is_vietnamese(text):
        return 0.0
    if sum(map(str.isalpha, text)) < max(25, len(text) * 0.6) or sum(map(str.islower, text.split())) < 4:
        # Formulas, and lists of names, which trigrams take for any language.
        return None
    return _foreign(text[:400])


@signal(
    "0-1",
    0.8,
    0.35,
    "the question is in a third language",
    "câu hỏi viết bằng ngôn ngữ thứ ba",
    source="lingua-language-detector, nine languages",
    why="lingua is sure",
)
def third_language(view: View) -> float | None:
    """Probability that the stem is neither English nor Vietnamese. Undefined for under 25 letters or four words in small letters."""
    if len(view.stem) < 25:
        return None
    if view.language == "vi" and ONLY_VIETNAMESE.search(view.stem, 0, 100):
        return 0.0
    if len(view.words) < 40 and not ENGLISH.isdisjoint(view.word_set) and view.stem.isascii():
        return 0.0
    return foreign(view.stem)


# Words that no unmarked Vietnamese syllable, unit or formula is spelled like.
_CLEAR_ENGLISH = frozenset("the of is and was what which with that are from they their who were have has his her for by not".split())


@signal(
    "0 or 1",
    1,
    0.3,
    "stem and options are in different languages",
    "câu hỏi và phương án khác ngôn ngữ",
    source="damage of extraction",
    why="both long enough to tell",
)
def mixed_language(view: View) -> float | None:
    """1 where a Vietnamese stem has English options, or the other way round. Undefined for short options, and behind a passage or rubric;
    a question about a foreign word or text (in quotation marks) is left alone."""
    if view.context or len(view.stem) < 20 or len(view.raw_options) < 24:
        return None
    if view.ascii:
        return 0.0
    if view.language == "vi" and ONLY_VIETNAMESE.search(view.raw_options) and ONLY_VIETNAMESE.search(view.stem):
        return 0.0
    stem, options = is_vietnamese(view.stem), is_vietnamese(view.raw_options)
    if stem == options:
        return 0.0
    if stem:
        words = view.option_words
        return float(not options and not _CLEAR_ENGLISH.isdisjoint(view.all_option_words) and sum(map(len, words)) >= 6)
    return float(sum(map(is_vietnamese, view.options)) * 2 > len(view.options) and len(view.word_set & ENGLISH) >= 2)


@signal(
    "0-1",
    0.5,
    0.2,
    "the stem changes its language",
    "câu hỏi pha trộn hai ngôn ngữ",
    source="damage of extraction",
    why="half of a sentence or more",
)
def language_switch(view: View) -> float | None:
    """Share of the stem's sentences whose language is not that of the rest (the smaller side, doubled). Undefined behind a passage, under two
    sentences, and where quotation marks set a foreign text apart."""
    stem = view.stem
    if view.context or len(stem) < 60:
        return None
    if view.language != "vi" or stem.isascii() or view.word_set.isdisjoint(_CLEAR_ENGLISH):
        return 0.0
    if '"' in stem or "“" in stem or "'" in stem or not is_vietnamese(stem):
        return None
    parts = [part for part in re.split(r"[.?!:;,\n]\s*", stem) if len(part) >= 20]
    if len(parts) < 2:
        return None
    english = sum(part.isascii() and len(set(part.lower().split()) & ENGLISH) >= 2 for part in parts)
    return float(2 * min(english, len(parts) - english) / len(parts))
