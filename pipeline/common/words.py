"""Words as they are compared: cut out of a text, and their normal form."""

import re
import unicodedata

# Grave, hook, tilde, acute, dot: the order of the old encodings.
TONES = "\u0300\u0309\u0303\u0301\u0323"
OPERATORS = frozenset("+*=<>≤≥≠×÷±√^%→∞∨∧⊃≡~¬∀∃∈∪∩")
# A LaTeX command, a number, a word, an operator. Dashes and slashes part dates and ranges: of them only a minus sign counts.
WORD = re.compile(
    r"\\[a-zA-Z]+|[\d₀-₉⁰¹²³⁴-⁹]+(?:[.,]\d+)*|[^\W\d_₀-₉⁰¹²³⁴-⁹]+(?:['’][^\W\d_]+)?"
    r"|->|[" + "".join(sorted(OPERATORS)).replace("^", r"\^") + r"](?=\s*[^\s\0])|(?<![\w)] )(?<![\w)])-(?=\d)"
)
SIGNS = {"*": "×", "x": "×", "->": "→", "π": "pi", "\\times": "×", "\\cdot": "×", "\\le": "≤", "\\leq": "≤", "\\ge": "≥", "\\geq": "≥"}
SIGNS |= {"\\to": "→", "\\rightarrow": "→", "\\infty": "∞", "\\sqrt": "√", "\\div": "÷", "\\pm": "±", "\\neq": "≠", "\\ne": "≠"}
# LaTeX that only sets type.
SIGNS |= {f"\\{name}": "" for name in "frac dfrac left right text mathrm mathbf textbf textit underline displaystyle begin end".split()}
# Allele pairs: their case is the question.
GENOTYPE = re.compile(r"(?:([a-zA-Z])(?i:\1))+")
ROMAN = re.compile(r"(?=[IVXLC])(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_I_FOR_Y = re.compile(r"(?<=[hklmstđ])y$|(?<=qu)y$")
NUMBER_WORDS = {
    **{word: str(n) for n, word in enumerate("zero one two three four five six seven eight nine ten".split())},
    **{word: str(n) for n, word in enumerate("first second third fourth fifth sixth seventh eighth ninth tenth".split(), start=1)},
    **{f"{n}{end}": str(n) for n in range(1, 31) for end in ("st", "nd", "rd", "th")},
    **{word: str(n) for n, word in enumerate("hai ba bốn năm sáu bảy tám chín mười".split(), start=2) if word != "năm"},
}


def normal_word(word: str) -> str:
    """A word for comparing: tone mark last (hoá = hóa), lý = lí, number words as digits; allele pairs keep their case.

    >>> [normal_word(w) for w in ("Lý", "hoá", "Third", "Aa", "I")] == ["li\\u0301", "hoa\\u0301", "3", "Aa", "i"]
    True
    """
    if word in SIGNS:
        return SIGNS[word]
    if word[0].isdigit():
        return unicodedata.normalize("NFKC", word).replace(",", ".")
    if word.isascii():
        word = word.lstrip("\\")
        if len(word) > 1 and ROMAN.fullmatch(word):
            return str(_roman(word))
        if len(word) > 1 and len(word) % 2 == 0 and GENOTYPE.fullmatch(word):
            return word
        lower = word.lower().replace("'", "")
        return NUMBER_WORDS.get(lower, _I_FOR_Y.sub("i", lower) if len(lower) <= 3 else lower)
    lower = word.casefold().replace("’", "")
    if lower in NUMBER_WORDS:
        return NUMBER_WORDS[lower]
    split = unicodedata.normalize("NFD", lower.replace("ǎ", "ă"))
    tones = "".join(c for c in split if c in TONES)
    base = unicodedata.normalize("NFC", "".join(c for c in split if c not in TONES))
    return (_I_FOR_Y.sub("i", base) if len(base) <= 3 else base) + tones


def _roman(numeral: str) -> int:
    values = [{"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}[letter] for letter in numeral]
    return sum(-value if value < following else value for value, following in zip(values, [*values[1:], 0], strict=True))


def word_set(text: str) -> frozenset[str]:
    """The words of a list in normal form."""
    return frozenset(map(normal_word, text.split()))


class _Normal(dict[str, str]):
    """Word as written -> its normal form, remembered: a question's words stand in many others."""

    def __missing__(self, word: str) -> str:
        if len(self) > 500_000:
            self.clear()
        normal = self[word] = normal_word(word)
        return normal


NORMAL = _Normal()


def words(text: str) -> list[str]:
    """Normalised words and operators of a text, in order."""
    return [normal for word in WORD.findall(text) if (normal := NORMAL[word])]
