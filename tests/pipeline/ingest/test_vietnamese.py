"""Old encodings of Vietnamese, and other text that must not be taken for it."""

import unicodedata

import pytest

from pipeline.ingest.decode import decode
from pipeline.ingest.vietnamese import _TCVN3, _VNI, repair_vietnamese

TEXT = "Câu 1: Thủ đô của nước Việt Nam là gì?\nA. Hà Nội B. Huế\nNhững người nông dân đã tích cực sản xuất lương thực; khuỷu tay, quyết định.\n"
TONES = "\u0300\u0309\u0303\u0301\u0323"


def tcvn3(text):
    table = {char: byte for byte, char in _TCVN3.items()}
    return bytes(table.get(char, ord(char)) for char in text)


def vni(text):
    table = {char: old for old, char in _VNI.items()}
    return "".join(table.get(char, char) for char in text).encode("cp1252")


def cp1258(text):
    parts = []
    for char in text:
        whole = unicodedata.normalize("NFD", char)
        base = unicodedata.normalize("NFC", "".join(c for c in whole if c not in TONES))
        parts.append(base + "".join(c for c in whole if c in TONES))
    return "".join(parts).encode("cp1258")


@pytest.mark.parametrize("encode", [tcvn3, vni, cp1258])
def test_old_vietnamese_bytes(encode):
    found = decode(encode(TEXT))
    assert (found.text, found.encoding) == (TEXT, encode.__name__)


@pytest.mark.parametrize("encode", [tcvn3, vni])
def test_old_vietnamese_letters_saved_as_unicode(encode):
    found = decode(encode(TEXT).decode("cp1252" if encode is vni else "latin-1").encode())
    assert (found.text, found.encoding) == (TEXT, f"utf-8+{encode.__name__}")


OTHERS = [
    "Le café est déjà là, élève naïf à l'été; garçon, forêt, thé",
    "Über die Brücke geht früh ein Mädchen, größer als schön",
    "Señor, ¿qué pasó mañana? El niño está aquí, allá y acullá",
    "© 2020 Company® µm 5°C, ½ cup, ß-carotene, α-helix, γ ray, naïve",
    "São Paulo não está tão longe; pão, mão, órgão, você, três",
]


@pytest.mark.parametrize("text", OTHERS)
def test_other_languages_are_left_alone(text):
    assert decode(text.encode()).text == text
    assert repair_vietnamese(text) is None
    if text.encode("cp1252", "ignore").decode("cp1252") == text:
        assert decode(text.encode("cp1252")) == (text, "cp1252")


def test_sound_vietnamese_is_left_alone():
    for text in (TEXT, "Ai là ai?", "là gì, có gì", unicodedata.normalize("NFD", TEXT)):
        assert decode(text.encode()) == (text, "utf-8")
