"""What a rule saw of a pair, in a reader's language: tables hold it in English."""

import re

from pipeline.common.translations import Said, Words, fields_of
from pipeline.deduplicate.decided import APART, MERGED
from pipeline.deduplicate.rules import DENIAL_OR_NAME, RULES

_FIELD = re.compile(r"\{:(\w+)\}")
# Rules say the names that differ as `{:telling}`; sentences to translate have named fields.
TEMPLATES = {rule.name: _FIELD.sub(r"{\1}", rule.saw) for rule in RULES}
_REVIEWED = "by {who} (decision {id}); the rules: {relation}, {judged}"
REVIEWED = {
    MERGED: Said("{who} says that they are the same question (decision {id}); the rules said {relation}: {judged}", {}),
    APART: Said("{who} says that they are different questions (decision {id}); the rules said {relation}: {judged}", {}),
}
_DENIED = f", {DENIAL_OR_NAME.saw}"


def told(why: str, words: Words) -> str:
    """The words of a pair's `why` without the rule's name; another text stays as it is.

    >>> told("all_equal: same stem, options and answer", Words("vi"))
    'cùng câu dẫn, phương án và đáp án'
    """
    name, _, saw = why.partition(": ")
    if name in REVIEWED and (found := fields_of(_REVIEWED, saw)) is not None:
        return words(REVIEWED[name].text, **found | {"judged": told(found["judged"], words)})
    if name not in TEMPLATES:
        return why
    if name == DENIAL_OR_NAME.name and saw.endswith(_DENIED):
        before = words.retold(saw.removesuffix(_DENIED), TEMPLATES.values())
        return f"{before}, {words(DENIAL_OR_NAME.saw)}"
    return words.retold(saw, [TEMPLATES[name]])
