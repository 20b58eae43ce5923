"""Signals of a whole set, for the report: how far answers can be guessed from place, length or wording alone, and how even
the set is. None of them enters a question's score, which depends on its own row only. None is "undefined": too little to tell."""

import math
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.assess.signals import View
from pipeline.common.letters import LETTERS
from pipeline.common.translations import Said
from schemas.tables.arrow import to_rows
from schemas.tables.curation import Question

MIN_EXPECTED = 5
"""Expected count in every cell from which the chi-square approximation holds (Cochran 1954)."""


class SetSignal(NamedTuple):
    """One result. `value` is undefined (None) where the set is too small or even by nature; `says` tells it to people, `details` says of
    what it is made."""

    name: str
    group: str
    value: float | None
    low: float | None
    high: float | None
    expected: float | None
    questions: int
    says: Said
    details: dict[str, Any]


TOO_FEW = Said("too few questions to tell", {})
MEANING = {
    "position_balance": Said("how unevenly the right option stands over its places: 0 is even, 1 is always the same place", {}),
    "subject_balance": Said("how evenly the subjects are filled: 1 is even, 0 is one subject alone", {}),
    "longest_option_baseline": Said("share of questions that are answered right by always taking the longest option", {}),
    "choices_only_baseline": Said("share of questions that a small model answers right without reading the stem", {}),
    "template_concentration": Said("share of questions that follow one of the ten most frequent sentence patterns", {}),
}
"""What each signal is, for people; its value stands beside it."""


def set_signals(questions: pd.DataFrame, split_groups: Sequence[str] | None = None, seed: int = 7) -> list[SetSignal]:
    """All set-level signals of a frame of Question rows, in a fixed order; an empty frame gives undefined values.

    Args:
        questions: one row a question.
        split_groups: for each question the group that must stay together when the choices-only baseline is cross-validated.
        seed: of the folds.
    """
    rows = to_rows(questions, Question)
    return [
        *position_balance(rows),
        subject_balance(rows),
        longest_option_baseline(rows),
        choices_only_baseline(rows, split_groups, seed),
        template_concentration(rows),
    ]


def undefined(signals: Iterable[SetSignal]) -> list[str]:
    """Names of the signals that this set can't show."""
    return [f"{signal.name} ({signal.group})" for signal in signals if signal.value is None]


def position_balance(rows: Sequence[dict[str, Any]]) -> list[SetSignal]:
    """For each source, Cramér's V of the answer's position against an even spread, 0-1; `details` has counts, chi-square and p.

    Only questions with the source's commonest number of options count. Undefined where a position is expected fewer than five times.
    """
    found = []
    for source in sorted({row["source"] for row in rows}) or ["(empty)"]:
        mine = [row for row in rows if row["source"] == source]
        options = Counter(len(row["options"]) for row in mine).most_common(1)[0][0] if mine else 0
        counts = np.bincount([row["answer_index"] for row in mine if len(row["options"]) == options], minlength=options)
        total = int(counts.sum())
        details: dict[str, Any] = {"counts": dict(zip(LETTERS, counts.tolist(), strict=False)), "options": options}
        if options < 2 or total / options < MIN_EXPECTED:
            found.append(SetSignal("position_balance", source, None, None, None, 0.0, total, TOO_FEW, details))
            continue
        from scipy.stats import chisquare  # takes half a second to import, and the code location loads this module

        test = chisquare(counts)
        strength = float(np.sqrt(test.statistic / total / (options - 1)))
        details |= {"chi_square": round(float(test.statistic), 2), "p": float(test.pvalue)}
        often = LETTERS[int(counts.argmax())]
        values = {"option": often, "share": float(counts.max() / total), "count": total, "expected": 1 / options}
        says = Said(
            "{option} is right in {share:.0%} of {count:,}, {expected:.0%} expected (chi-square {statistic:.1f}, p {p:.2g})",
            values | {"statistic": float(test.statistic), "p": float(test.pvalue)},
        )
        found.append(SetSignal("position_balance", source, strength, None, None, 0.0, total, says, details))
    return found


def subject_balance(rows: Sequence[dict[str, Any]]) -> SetSignal:
    """Normalised entropy of the subjects, 0 (nearly all in one) to 1 (even). Undefined under two subjects."""
    counts = Counter(row["subject"] for row in rows if row["subject"])
    total = sum(counts.values())
    details = {"counts": dict(counts.most_common())}
    if len(counts) < 2:
        return SetSignal("subject_balance", "all", None, None, None, 1.0, total, Said("fewer than two subjects", {}), details)
    shares = np.array(list(counts.values())) / total
    evenness = float(-(shares * np.log(shares)).sum() / np.log(len(counts)))
    name, most = counts.most_common(1)[0]
    says = Said("{count:,} subjects, {subject} has {share:.0%}", {"count": len(counts), "subject": name, "share": most / total})
    return SetSignal("subject_balance", "all", evenness, None, None, 1.0, total, says, details)


def longest_option_baseline(rows: Sequence[dict[str, Any]]) -> SetSignal:
    """Accuracy of always taking the longest option, 0-1, with its 95% interval; of equally long ones, the expected accuracy."""
    hits, chances = [], []
    for row in rows:
        lengths = [len(option) for option in row["options"]]
        longest = [place for place, length in enumerate(lengths) if length == max(lengths)]
        hits.append((row["answer_index"] in longest) / len(longest))
        chances.append(1 / len(lengths))
    return _accuracy("longest_option_baseline", hits, chances)


def choices_only_baseline(
    rows: Sequence[dict[str, Any]], split_groups: Sequence[str] | None = None, seed: int = 7, folds: int = 5, most: int = 6000
) -> SetSignal:
    """Accuracy of a small model that never reads the stem, 0-1, cross-validated by group (hypothesis-only baseline, arXiv 1805.01042;
    choices-only prompts, arXiv 2402.12483).

    Conditional logistic regression over a question's options: hashed words of the option and its relative length. Of more than `most`
    questions, those with the smallest hashes are taken. Undefined under 100 questions or `folds` groups.
    """
    name = "choices_only_baseline"
    groups = list(split_groups) if split_groups is not None else [row["content_id"] for row in rows]
    if len(rows) > most:
        drawn = sorted(range(len(rows)), key=lambda i: zlib.crc32(rows[i]["content_id"].encode()))[:most]
        rows, groups = [rows[i] for i in drawn], [groups[i] for i in drawn]
    distinct = sorted(set(groups))
    chances = [1 / len(row["options"]) for row in rows]
    if len(rows) < 100 or len(distinct) < folds:
        return SetSignal(name, "all", None, None, None, float(np.mean(chances)) if chances else None, len(rows), TOO_FEW, {})
    order = np.random.default_rng(seed).permutation(len(distinct))
    fold_of = {group: int(place) % folds for group, place in zip(distinct, order, strict=True)}
    fold = np.array([fold_of[group] for group in groups])
    features = _option_features(rows)
    right = np.array([row["answer_index"] for row in rows])
    hits = np.zeros(len(rows))
    for held in range(folds):
        weights = _fit(features.of(np.flatnonzero(fold != held)), right[fold != held])
        theirs = np.flatnonzero(fold == held)
        asked = features.of(theirs)
        scores, starts = asked.scores(weights), asked.questions[:-1]
        best = scores >= np.repeat(np.maximum.reduceat(scores, starts), np.diff(asked.questions)) - 1e-12
        hits[theirs] = best[starts + right[theirs]] / np.add.reduceat(best, starts, dtype=np.int64)
    return _accuracy(name, hits.tolist(), chances)


_BUCKETS = 1 << 14
_DENSE = 4


class _Options(NamedTuple):
    """Features of the options of n questions, one behind the other: `places` and `values` of all features; where each option's begin,
    and where each question's options begin, each with the end of the last one behind it."""

    places: NDArray[np.int64]
    values: NDArray[np.float64]
    options: NDArray[np.int64]
    questions: NDArray[np.int64]

    def of(self, chosen: NDArray[np.int64]) -> "_Options":
        """Those of these questions."""
        options = _runs(self.questions, chosen)
        features = _runs(self.options, options)
        ends = (np.diff(self.options)[options].cumsum(), np.diff(self.questions)[chosen].cumsum())
        return _Options(self.places[features], self.values[features], *(np.concatenate([[0], end]) for end in ends))

    def scores(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of each option."""
        found: NDArray[np.float64] = np.add.reduceat(weights[self.places] * self.values, self.options[:-1])
        return found


def _runs(starts: NDArray[np.int64], chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """The places that these runs hold, run by run.

    >>> _runs(np.array([0, 2, 5, 6]), np.array([2, 0])).tolist()
    [5, 0, 1]
    """
    lengths = np.diff(starts)[chosen]
    return np.repeat(starts[chosen] - np.concatenate([[0], lengths.cumsum()[:-1]]).astype(np.int64), lengths) + np.arange(lengths.sum())


def _option_features(rows: Sequence[dict[str, Any]]) -> _Options:
    """For each option: relative length, longest, shortest, refers to others, and hashed words."""
    places: list[int] = []
    values: list[float] = []
    options, questions = [0], [0]
    for row in rows:
        view = View(row["stem"], row["options"], row["answer_index"])
        lengths = view.lengths
        mean, longest, shortest = max(sum(lengths) / len(lengths), 1.0), max(lengths), min(lengths)
        for length, words in zip(lengths, view.option_words, strict=True):
            hashed = sorted({_DENSE + zlib.crc32(word.encode()) % _BUCKETS for word in words[:60]})
            places += [*range(_DENSE), *hashed]
            values += [math.tanh(length / mean - 1), float(length == longest), float(length == shortest), float(row["fixed_order"])]
            values += [1 / max(len(hashed), 1) ** 0.5] * len(hashed)
            options.append(len(places))
        questions.append(len(options) - 1)
    return _Options(np.array(places), np.array(values), np.array(options), np.array(questions))


def _fit(
    features: _Options, right: NDArray[np.int64], epochs: int = 4, rate: float = 0.3, decay: float = 1e-6, batch: int = 32
) -> NDArray[np.float64]:
    """Weights of a softmax over each question's options, by AdaGrad over batches in the order given: small, and the same on every
    machine."""
    weights, squares = np.zeros(_DENSE + _BUCKETS), np.full(_DENSE + _BUCKETS, 1e-8)
    batches = [np.arange(start, min(start + batch, len(right))) for start in range(0, len(right), batch)]
    parts = [(features.of(rows), right[rows]) for rows in batches]
    for _ in range(epochs):
        for part, answers in parts:
            starts, sizes = part.questions[:-1], np.diff(part.questions)
            scores = part.scores(weights)
            chances = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), sizes))
            chances /= np.repeat(np.add.reduceat(chances, starts), sizes)
            chances[starts + answers] -= 1
            used, at = np.unique(part.places, return_inverse=True)
            gradient = np.bincount(at, np.repeat(chances, np.diff(part.options)) * part.values) + decay * weights[used]
            squares[used] += gradient**2
            weights[used] -= rate * gradient / np.sqrt(squares[used])
    return weights


def template_concentration(rows: Sequence[dict[str, Any]], top: int = 10) -> SetSignal:
    """Share of questions whose stem follows one of the ten most frequent templates, 0-1; a template counts from two questions on.
    Undefined under two questions."""
    counts: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        counts[template(row["stem"])] += 1
    common = sorted(((count, name) for name, count in counts.items() if count > 1), key=lambda item: (-item[0], item[1]))[:top]
    if len(rows) < 2:
        return SetSignal("template_concentration", "all", None, None, None, None, len(rows), TOO_FEW, {})
    share = sum(count for count, _ in common) / len(rows)
    says = Said("no two stems follow one pattern", {})
    if common:
        values = {"share": share, "count": len(common), "pattern": common[0][1]}
        says = Said("{share:.0%} of stems follow one of {count} patterns; the commonest is “{pattern}”", values)
    details = {"templates": {name: count for count, name in common}}
    return SetSignal("template_concentration", "all", share, None, None, None, len(rows), says, details)


def template(stem: str) -> str:
    """A stem with names, numbers and quotations taken out.

    >>> template("What is the capital of South Africa in 2020?"), template("What is the capital of France in 1990?")
    ('What is the capital of X in 0?', 'What is the capital of X in 0?')
    """
    text = _QUOTED.sub("X", _MATHS.sub("X", " ".join(stem.split())))
    return _NUMBERS.sub("0", _NAMES.sub("X", text))[:160]


_QUOTED = re.compile(r"[\"“][^\"”]{1,200}[\"”]")
_MATHS = re.compile(r"\$[^$]{1,200}\$")
_NAMES = re.compile(r"(?<=[^\s.?!:] )[A-ZÀ-ỸĐ]\w*(?:[ -][A-ZÀ-ỸĐ]\w*)*")
_NUMBERS = re.compile(r"\d+(?:[.,]\d+)*")


def _accuracy(name: str, hits: Sequence[float], chances: Sequence[float]) -> SetSignal:
    count = len(hits)
    if count < 2:
        return SetSignal(name, "all", None, None, None, chances[0] if chances else None, count, TOO_FEW, {})
    accuracy, chance = float(np.mean(hits)), float(np.mean(chances))
    # Wilson's interval, with the expected accuracy of ties counted as it is.
    z = NormalDist().inv_cdf(0.975)
    middle, half = accuracy + z**2 / (2 * count), z * math.sqrt(accuracy * (1 - accuracy) / count + z**2 / (4 * count**2))
    low, high = ((middle - half) / (1 + z**2 / count), (middle + half) / (1 + z**2 / count))
    values = {"share": accuracy, "low": low, "high": high, "count": count, "chance": chance}
    says = Said("{share:.1%} (95% interval {low:.1%}–{high:.1%}) of {count:,} questions; chance gives {chance:.1%}", values)
    return SetSignal(name, "all", accuracy, low, high, chance, count, says, {})
