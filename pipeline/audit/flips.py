"""Answers that flipped between two runs, each with the training samples that say most nearly the same."""

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pipeline.deduplicate.question import ComparableQuestion

NEAREST = 3
"""Training samples of each run that are told beside an answer that flipped."""
CHANGES = {False: "right -> wrong", True: "wrong -> right"}

Row = Mapping[str, Any]
Texts = Callable[[Iterable[str]], Iterable[Row]]
"""The questions of these content ids, with stem, options and answer_index."""


class Near(NamedTuple):
    """A training sample, and the share of words that it has in common with a question, 0-1 (Jaccard)."""

    similarity: float
    sample: Row


def flips(pairs: Mapping[str, tuple[Row, Row]], texts: tuple[Texts, Texts], trained: Sequence[set[str]], limit: int) -> dict[str, Any]:
    """How many answers turned right and wrong from the first to the second of `pairs` (by content_id), and `limit` of either kind: those
    first whose right option gained or lost most log-probability. `trained`: content ids that each run was trained on."""
    turned: dict[bool, list[str]] = {False: [], True: []}
    for content, (one, two) in pairs.items():
        if one["correct"] != two["correct"]:
            turned[bool(two["correct"])].append(content)
    for contents in turned.values():
        contents.sort(key=lambda content: -abs(pairs[content][0]["gold_nll"] - pairs[content][1]["gold_nll"]))
    order = [content for contents in turned.values() for content in contents[:limit]]
    known = [{row["content_id"]: row for row in find(order)} for find in texts] if order else [{}, {}]
    questions = [known[1][content] for content in order]
    sides = [(texts[1], trained[1])] if trained[0] == trained[1] else list(zip(texts, trained, strict=True))
    near = [nearest(questions, find(contents), NEAREST) for find, contents in sides] if order else []
    return {
        "to_wrong": len(turned[False]),
        "to_right": len(turned[True]),
        "items": [
            _item(pairs[content], [side[content] for side in known], [found[place] for found in near], trained)
            for place, content in enumerate(order)
        ],
    }


def nearest(questions: Sequence[Row], samples: Iterable[Row], top: int) -> list[list[Near]]:
    """For each question its `top` nearest samples, nearest first; those that share no word are none. No other samples are held.

    Both have stem, options and answer_index. What counts are the telling words of the stem and those of the right option: what
    deduplication looks for its candidates by.
    """
    asked = [_words(question) for question in questions]
    found: list[list[tuple[float, int, Row]]] = [[] for _ in questions]
    for number, sample in enumerate(samples):
        words = _words(sample)
        for own, best in zip(asked, found, strict=True):
            if common := len(own & words):
                # The number is unlike all others, so that rows are never compared.
                entry = (common / len(own | words), -number, sample)
                if len(best) < top:
                    heapq.heappush(best, entry)
                else:
                    heapq.heappushpop(best, entry)
    return [[Near(round(similarity, 4), sample) for similarity, _, sample in sorted(best, reverse=True)] for best in found]


def _words(question: Row) -> frozenset[str]:
    read = ComparableQuestion(question)
    return frozenset(read.content) | {f"={word}" for word in read.answer_words}


def _item(answers: tuple[Row, Row], texts: Sequence[Row], near: Sequence[Sequence[Near]], trained: Sequence[set[str]]) -> dict[str, Any]:
    said = [text["options"][answer["predicted_index"]] for text, answer in zip(texts, answers, strict=True)]
    question = texts[1]
    samples = {one.sample["content_id"]: one for side in near for one in side}
    return {
        "change": CHANGES[bool(answers[1]["correct"])],
        "record_id": question["record_id"],
        "locator": question["locator"],
        "source": answers[1]["source"],
        "stem": question["stem"],
        "gold": question["options"][question["answer_index"]],
        "a": said[0],
        "b": said[1],
        "a_gold_nll": answers[0]["gold_nll"],
        "b_gold_nll": answers[1]["gold_nll"],
        "nearest": [
            {
                "similarity": one.similarity,
                "trained_by": [side for side, contents in zip("ab", trained, strict=True) if content in contents],
                "record_id": one.sample["record_id"],
                "stem": one.sample["stem"],
                "gold": one.sample["options"][one.sample["answer_index"]],
            }
            for content, one in sorted(samples.items(), key=lambda item: -item[1].similarity)
        ],
    }
