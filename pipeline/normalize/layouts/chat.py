"""Chats (`messages`, ShareGPT's `conversations`): the last message is the key, the one before it the question with its options."""

import re
from collections.abc import Mapping

from pipeline.common.grammar.columns import find_fields
from pipeline.common.grammar.keys import key_in_note, letter_of
from pipeline.common.grammar.option_lists import split_options
from pipeline.common.text import clean
from pipeline.normalize.layouts.layout import Cells, Layout, Reshape

_COLUMNS = ("messages", "conversations", "conversation", "chat", "dialog", "turns")
_ANSWERS = ("assistant", "gpt", "bot", "model", "chatgpt", "ai", "output", "chosen")
_THOUGHT_ENDS = re.compile(r"</(?:think|thinking|reasoning)>")
_STATED = re.compile(
    r"(?:(?:so|thus|hence|therefore)\W{1,3})?(?:the\s)?(?:(?:correct|right|best|final)\s)?(?:answer|đáp\sán)\b.{0,200}", re.IGNORECASE
)


def _fit(names: Mapping[str, str], rows: list[Cells]) -> Reshape | None:
    column = next((names[name] for name in _COLUMNS if name in names), None)
    if column is None or find_fields(list(names.values()), {}).usable or not all(isinstance(row.get(column), list) for row in rows):
        return None

    def reshape(cells: Cells) -> Cells:
        texts, roles = cells[column], cells.get(f"{column}.role") or []
        rest = {key: value for key, value in cells.items() if not key.startswith(column)}
        if len(texts) != len(roles):
            roles = ["user", "assistant"] * len(texts)
            roles = roles[len(texts) % 2 :][: len(texts)]
        said = [(str(role).lower(), str(text or "")) for role, text in zip(roles, texts, strict=True) if str(role).lower() != "system"]
        if len(said) < 2 or said[-1][0] not in _ANSWERS:
            # Nobody answered yet.
            return {**rest, "question": "\n".join(text for _, text in said)}
        *before, (_, question), (_, answer) = said
        if any(split_options(clean(text[:5000])) for role, text in before if role not in _ANSWERS):
            # Several questions in one chat: numbered, they are seen to be several.
            asked = [text for role, text in said if role not in _ANSWERS]
            return {**rest, "question": "\n".join(f"Question {number}: {text}" for number, text in enumerate(asked, start=1))}
        key, explanation = _key_and_reason(answer)
        earlier = {"context": "\n".join(text for _, text in before)} if before else {}
        return {**rest, **earlier, "question": question, "answer": key, **({"explanation": explanation} if explanation else {})}

    return reshape


def _key_and_reason(answer: str) -> tuple[str | list[str], str]:
    """The line of an answer that states the key, the first or the last, and what else it says; both letters where it states two."""
    lines = [line.strip(" *_") for line in _THOUGHT_ENDS.split(answer)[-1].strip().split("\n") if line.strip(" *_")]
    if len(lines) < 2:
        return "\n".join(lines), ""
    first, others = letter_of(lines[0]), key_in_note("\n".join(lines[1:]))
    if first and others and first != others:
        return [first, others], "\n".join(lines)  # It changes its mind.
    if first or re.match(r"[(\[]?[A-J][.):\]]\s", lines[0]) or _STATED.fullmatch(lines[0]):
        return lines[0], "\n".join(lines[1:])
    if letter_of(lines[-1]) or _STATED.fullmatch(lines[-1]):
        return lines[-1], "\n".join(lines[:-1])
    return "\n".join(lines), ""


LAYOUT = Layout("chat", _fit)
