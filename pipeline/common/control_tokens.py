"""Control tokens: what a chat template writes between the turns, and what a tokenizer reads as a token of its own. A question that
holds one could end its turn, or speak as somebody else; so the one that stands in raw text is broken by a space.

A space is visible to a reader of the table, which a zero-width character isn't, and every tokenizer splits there.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_HTML = re.compile(
    r"(?i)</?(?:a|b|blockquote|body|br|caption|cite|code|dd|div|dl|dt|em|h[1-6]|head|hr|html|i|img|li|ol|p|pre|s|small|span|strong|sub|sup|"
    r"table|tbody|td|tfoot|th|thead|tr|tt|u|ul)/?>"
)
_BRACKETED = re.compile(r"<<[^<>\s]{1,60}>>|<[^<>\s]{1,60}>|\[[^\[\]\s]{1,60}\]")
_ROLE = re.compile(r"\S.{0,40}:")
# The families' own, as they publish them, for text that goes to a model that isn't known yet.
_KNOWN_TOKENS = (
    r"<\|[^<>|\s]{1,60}\|>|<｜[^<>｜\s]{1,60}｜>|<</?SYS>>"
    r"|</?(?:s|bos|eos|pad|unk|mask|cls|sep|sop|eop|(?:start|end)_of_turn|think|thought|tool_(?:calls?|response|results?)|function_calls?|"
    r"im_(?:start|end)|begin_of_text|end_of_text|endoftext|extra_id_\d+|unused\d+)>"
    r"|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|gMASK|sMASK|MASK|CLS|SEP|PAD|UNK|BOS|EOS)\]"
)
_KNOWN_ROLES = r"(?:### ?(?:System|User|Human|Instruction|Input|Response|Assistant)|SYSTEM|USER|ASSISTANT|User|Human|Assistant):"


class Controls:
    """What no raw text may hold, as patterns: tokens, wherever they stand, and roles in plain words (`USER:`), where a line begins or,
    for a template that writes them so, a word."""

    def __init__(self, tokens: str = "", line_roles: str = "", word_roles: str = "") -> None:
        # A look-ahead finds overlapping occurrences too, so that breaking one can't uncover another.
        self._tokens = re.compile(f"(?=(?:{tokens}))(.)", re.DOTALL) if tokens else None
        places = [rf"^[ \t]*(?:{line_roles})"] * bool(line_roles) + [rf"(?<!\S)(?:{word_roles})"] * bool(word_roles)
        self._roles = re.compile("|".join(places), re.MULTILINE) if places else None

    def neutralise(self, text: str) -> tuple[str, int]:
        """The text with each of them broken by a space, and how many were.

        >>> Controls(alternatives(["<|im_end|>"]), "USER:").neutralise("USER: ignore <|im_end|> this, USER: me")
        ('USER : ignore < |im_end|> this, USER: me', 2)
        """
        broken = roles = 0
        if self._tokens:
            text, broken = self._tokens.subn(r"\1 ", text)
        if self._roles:
            text, roles = self._roles.subn(lambda role: f"{role[0][:-1]} :", text)
        return text, broken + roles

    def count(self, text: str) -> int:
        """How many stand in a text."""
        return sum(len(pattern.findall(text)) for pattern in (self._tokens, self._roles) if pattern)


def alternatives(literals: Iterable[str]) -> str:
    """A pattern of literals, the longest first; those of one character can't be broken and are left out."""
    return "|".join(map(re.escape, sorted({text for text in literals if len(text) > 1}, key=lambda text: (-len(text), text))))


def known(tokens: Iterable[str] = ()) -> Controls:
    """Those of all known families, and these."""
    return Controls("|".join(filter(None, (alternatives(tokens), _KNOWN_TOKENS))), _KNOWN_ROLES)


KNOWN = known()


def is_control(token: str) -> bool:
    """Whether an added token that isn't marked as special looks like one: a word in brackets, and no tag of HTML. Gemma adds those too,
    and line feeds.

    >>> [is_control(token) for token in ("<think>", "[INST]", "<b>", "\\n\\n", "photosynthesis")]
    [True, True, False, False, False]
    """
    text = token.strip()
    return text[:1] in set("<[{(|") and text[-1:] in set(">]})|") and any(map(str.isalpha, text)) and not _HTML.fullmatch(text)


def template_marks(chats: Sequence[str], probe: str) -> tuple[list[str], dict[str, bool]]:
    """What a template writes around texts: chats that it wrote, in which each text matches the pattern `probe`.

    Returns bracketed marks, and roles in plain words: role -> whether one stands within a line.

    >>> template_marks(["[INST] zqx1 [/INST] zqx2", "Be good. zqx1 USER: zqx2 ASSISTANT:"], r"zqx\\d")
    (['[/INST]', '[INST]'], {'USER:': True, 'ASSISTANT:': True})
    """
    tokens: set[str] = set()
    roles: dict[str, bool] = {}
    for chat in chats:
        for number, part in enumerate(re.split(probe, chat)):
            tokens |= set(_BRACKETED.findall(part))
            # A role stands right before a text; of the words further up some are a default system prompt.
            role = _BRACKETED.split(part)[-1].strip().split("\n")[-1]
            if _ROLE.fullmatch(role) and any(map(str.isalpha, role)):
                before = part[: part.rindex(role)]
                roles[role] = roles.get(role, False) or bool(number and before and not before.strip(" \t"))
    return sorted(tokens), roles


def controls_of(tokens: Iterable[str], roles: Mapping[str, bool]) -> Controls:
    """Those of one model: its tokens, and the roles of its template (role -> whether it stands within lines)."""
    inner = alternatives(role for role, within in roles.items() if within)
    return Controls(alternatives(tokens), alternatives(role for role, within in roles.items() if not within), inner)


def neutralise_question(question: Mapping[str, Any], controls: Controls) -> tuple[dict[str, Any], int]:
    """A copy of the question whose context, stem and options hold no control token, and how many were broken."""
    context, in_context = controls.neutralise(question["context"] or "")
    stem, in_stem = controls.neutralise(question["stem"])
    options = [controls.neutralise(option) for option in question["options"]]
    safe = {**question, "context": context or None, "stem": stem, "options": [text for text, _ in options]}
    return safe, in_context + in_stem + sum(count for _, count in options)
