"""Every guarded pattern of the pipeline against its signs: proved from the parsed pattern, and tried on matches that hypothesis makes up."""

import importlib
import pkgutil
import re
from itertools import product
from re import _constants as sre
from re import _parser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pipeline
from pipeline.assess.signals import View
from pipeline.common.guards import GUARDED, RUN, Guarded

for module in pkgutil.walk_packages(pipeline.__path__, "pipeline."):
    if not module.name.startswith(("pipeline.training", "pipeline.evaluation", "pipeline.common.model")):
        importlib.import_module(module.name)
PROVED = [guarded for guarded in GUARDED if guarded.quick is None]
# Whatever a pattern doesn't spell out, and the edge of a word.
GAP, EDGE = "\0", "\1"
# More readings than these are taken for a gap: that only makes a proof harder.
MANY = 5_000
WHOLE = re.compile(rf"(?<=[^\w{GAP}])\w+(?=[^\w{GAP}])").findall


def unguarded(guarded):
    """How matches of a pattern may read that hold none of its signs."""
    pattern = guarded.pattern
    nodes = [(sre.LITERAL, ord(GAP)), *_parser.parse(pattern.pattern, pattern.flags), (sre.LITERAL, ord(GAP))]
    return {text.strip(GAP).replace(EDGE, "") for text in readings(nodes, guarded, bool(pattern.flags & re.IGNORECASE))}


def readings(nodes, guarded, ignore_case):
    found = {""}
    for op, value in nodes:
        if found:
            texts = map("".join, product(found, set(pieces(op, value, guarded, ignore_case))))
            found = {text for text in texts if not holds_sign(text, guarded)}
        if len(found) > MANY:
            found = {GAP}
    return found


def holds_sign(text, guarded):
    plain = text.replace(EDGE, "")
    return not guarded.words.isdisjoint(WHOLE(text.lower())) or any(sign in plain for sign in guarded.texts)


def pieces(op, value, *how):
    """How one piece of a parsed pattern may read: letters, small sets, groups and what is repeated are spelled out."""
    if op is sre.LITERAL:
        yield chr(value).lower() if how[-1] else chr(value)
    elif op is sre.RANGE:
        for char in range(value[0], value[1] + 1):
            yield from pieces(sre.LITERAL, char, *how)
    elif op is sre.IN and all(kind is sre.LITERAL or (kind is sre.RANGE and char[1] - char[0] < 10) for kind, char in value):
        for kind, char in value:
            yield from pieces(kind, char, *how)
    elif op is sre.IN and value == [(sre.CATEGORY, sre.CATEGORY_SPACE)]:
        yield EDGE + GAP + EDGE
    elif op is sre.SUBPATTERN:
        yield from readings(value[-1], *how)
    elif op is sre.BRANCH:
        for branch in value[1]:
            yield from readings(branch, *how)
    elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        low, high, body = value
        found = readings(body, *how)
        found = found if len(found) ** 2 < MANY else {GAP}
        for count in range(low, high + 1) if high < 4 else (min(low, 3),) if low else (0, 1):
            for start in map("".join, product(found, repeat=count)):
                yield from [start] if high < 4 or not count else [start + GAP + end for end in found]
    elif op is sre.ASSERT:
        for text in readings(value[1], *how):
            yield GAP + text + GAP
    elif op is sre.AT:
        yield "" if value is sre.AT_NON_BOUNDARY else EDGE
    else:
        yield "" if op is sre.ASSERT_NOT else GAP


def short(guarded):
    return guarded.pattern.pattern[:40]


@pytest.mark.parametrize("guarded", PROVED, ids=short)
def test_every_match_of_a_guarded_pattern_holds_a_sign(guarded):
    assert sorted(unguarded(guarded)) == []


def test_a_pattern_that_outgrew_its_signs_is_found():
    assert unguarded(Guarded(r"\b(?:this|the) (?:passage|reading)\b", words="passage")) == {"this reading", "the reading"}
    assert unguarded(Guarded(r"\bpassages?\b", words="passage")) == {"passages"}
    assert unguarded(Guarded(r"\bpassage", words="passage")) == {"passage"}
    assert unguarded(Guarded(r"\bpassage", texts="passage")) == set()
    assert unguarded(Guarded(r"[?:](?:\d*)A[.)]", texts="a.", flags=re.IGNORECASE)) == {"?a)", ":a)", "?\0\0\0a)", ":\0\0\0a)"}
    assert unguarded(Guarded(r"(?:on |off )+top", texts="on |off t")) == set()
    assert unguarded(Guarded(r"(?:on |off )+top", texts="on t")) == {"off \0off top", "on \0off top"}
    assert unguarded(Guarded(r"x(?=\d)|not (?!y)|n[ot]+t", texts="not"))


@pytest.mark.parametrize("guarded", GUARDED, ids=short)
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_a_guard_lets_through_whatever_its_pattern_matches(guarded, data):
    text = data.draw(st.from_regex(guarded.pattern))
    assert guarded.may_match(text)
    assert guarded.search(text)[0] == guarded.pattern.search(text)[0]


def test_letters_that_ignoring_case_takes_for_another_are_no_way_around_a_guard():
    picture = Guarded("this", texts="this", flags=re.IGNORECASE)
    assert [picture.search(text)[0] for text in ("THİS", "thıs", "thiſ")] == ["THİS", "thıs", "thiſ"]


@given(st.text(st.sampled_from("ab'’ _-é\0")) | st.text())
def test_the_runs_of_a_stem_are_all_that_word_boundaries_can_part(stem):
    view = View(stem, ["x"], 0)
    assert {run for run in RUN(view.lower) if "_" not in run} <= view.runs
