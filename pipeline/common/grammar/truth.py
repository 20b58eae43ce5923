"""True and false as questions write them: the statement is the stem, and these words are its options."""

from pipeline.common.grammar.columns import plain_name

_WORDS = {"true": ("True", "False"), "false": ("True", "False"), "dung": ("Đúng", "Sai"), "sai": ("Đúng", "Sai")}
_SHORT = {
    "t": "true",
    "f": "false",
    "d": "dung",
    "s": "sai",
    "yes": "true",
    "no": "false",
    "correct": "true",
    "incorrect": "false",
}
# What a column for the kind of question calls such statements.
_KINDS = frozenset("true_false tf t_f truefalse true_or_false boolean bool dung_sai d_s ds dungsai tfq true_false_question".split())


def truth_of(value: object, is_statement: bool = False) -> tuple[str, list[str]] | None:
    """The word that a key means, and the two options; None for a key that is no truth value.

    Args:
        value: the key as found.
        is_statement: the file says that the row is a statement to judge: letters count too, numbers don't: 1 may be true, or the first option.

    >>> truth_of("FALSE"), truth_of("Đúng"), truth_of("T"), truth_of("T", is_statement=True)
    (('False', ['True', 'False']), ('Đúng', ['Đúng', 'Sai']), None, ('True', ['True', 'False']))
    """
    word = plain_name(str(value)[:20]).removesuffix("_0") if value is not None else ""
    if is_statement:
        word = _SHORT.get(word, word)
    if (words := _WORDS.get(word)) is None:
        return None
    return words[word in ("false", "sai")], list(words)


def is_statement_kind(value: object) -> bool:
    """True for a kind of question that asks whether a statement is true ("TRUE_FALSE", "Đúng/Sai")."""
    return isinstance(value, str) and plain_name(value[:40]) in _KINDS
