"""Quiz files of learning platforms: Aiken and GIFT (Moodle's two text formats, docs.moodle.org), one record a question."""

import re
from collections.abc import Iterator
from typing import Any

from pipeline.ingest.items import Item

AIKEN_KEY = re.compile(r"(?m)^[ \t]*ANSWER:[ \t]*([A-Za-z])[ \t]*$")
_AIKEN_OPTION = re.compile(r"[ \t]*([A-Z])[.)][ \t]+(.*)")
# A GIFT answer block holds a right answer (=) or a wrong one (~), or says true or false.
GIFT_BLOCK = re.compile(r"(?<!\\)\{\s*(?:[=~]|(?:T|F|TRUE|FALSE)\s*(?:#[^}]*)?\}|\}|#)")
_GIFT_ANSWER = re.compile(r"(?<!\\)([=~])((?:\\.|[^=~\\])*)", re.DOTALL)


def read_aiken(text: str) -> Iterator[Item]:
    """A question of one or more lines, its options as `A. text` or `A) text`, and `ANSWER: B`.

    >>> next(read_aiken("What is 1 + 1?\\nA. 1\\nB. 2\\nANSWER: B\\n")).payload
    {'question': 'What is 1 + 1?', 'options': ['1', '2'], 'answer': 'B'}
    """
    start = 0
    for number, key in enumerate(AIKEN_KEY.finditer(text), start=1):
        yield Item(f"item:{number}", {**_aiken_question(text[start : key.start()]), "answer": key[1].upper()})
        start = key.end()
    if text[start:].strip():
        number = len(AIKEN_KEY.findall(text)) + 1
        yield Item(f"item:{number}", {**_aiken_question(text[start:]), "answer": None})


def _aiken_question(block: str) -> dict[str, Any]:
    stem: list[str] = []
    options: list[str] = []
    for line in block.strip().split("\n"):
        match = _AIKEN_OPTION.match(line)
        if match and ord(match[1]) - 65 == len(options):
            options.append(match[2].strip())
        elif options and line.strip():
            options[-1] += " " + line.strip()
        elif line.strip():
            stem.append(line.strip())
    return {"question": "\n".join(stem), "options": options}


def read_gift(text: str) -> Iterator[Item]:
    """`::title:: question { =right ~wrong ~wrong }`; `//` lines are comments, `{T}` and `{F}` true or false.

    >>> next(read_gift("::q1:: Which is even? {=2 ~1 ~3#no}")).payload
    {'question': 'Which is even?', 'options': ['2', '1', '3'], 'answer': ['2'], 'id': 'q1'}
    """
    plain = re.sub(r"(?m)^[ \t]*(?://|\$CATEGORY:).*$", "", text)
    number = 0
    for chunk in re.split(r"\n[ \t]*\n", plain):
        if chunk.strip():
            number += 1
            yield Item(f"item:{number}", _gift_question(chunk.strip()))


def _gift_question(chunk: str) -> dict[str, Any]:
    title = re.match(r"::((?:\\.|[^:\\])*)::\s*", chunk)
    body = chunk[title.end() :] if title else chunk
    body = re.sub(r"^\[(?:html|moodle|plain|markdown)\]", "", body)
    found = re.search(r"(?<!\\)\{(.*)(?<!\\)\}(.*)", body, re.DOTALL)
    cells: dict[str, Any] = {"question": _unescape(body), "options": [], "answer": None}
    if found:
        before, inside, after = body[: found.start()], found[1].strip(), found[2]
        cells["question"] = _unescape(f"{before.strip()} _____ {after.strip()}" if after.strip() else before)
        truth = re.fullmatch(r"(TRUE|T|FALSE|F)\s*(?:#.*)?", inside, re.DOTALL)
        if truth:
            cells |= {"options": ["True", "False"], "answer": ["True" if truth[1][0] == "T" else "False"]}
        elif "~" in inside and "->" not in inside:
            cells |= _gift_options(inside)
    return {**cells, **({"id": _unescape(title[1])} if title else {})}


def _gift_options(inside: str) -> dict[str, Any]:
    options: list[str] = []
    right: list[str] = []
    for mark, raw in _GIFT_ANSWER.findall(inside):
        weight = re.match(r"\s*%(-?[\d.]+)%", raw)
        text = _unescape(re.split(r"(?<!\\)#", raw[weight.end() :] if weight else raw, maxsplit=1)[0])
        options.append(text)
        if mark == "=" or (weight and float(weight[1]) > 0):
            right.append(text)
    return {"options": options, "answer": right}


def _unescape(text: str) -> str:
    return re.sub(r"\\([=~#{}:\\])", r"\1", text.replace("\\n", "\n")).strip()
