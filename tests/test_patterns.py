"""Every pattern of the project takes time that grows with the text, not with its square: proved from the parsed pattern, and tried.

The proof looks for what makes a backtracking matcher try a text in too many ways (Weideman and others, "Analyzing Matching Time Behavior of
Backtracking Regular Expression Matchers by Using Ambiguity of NFA", 2016): a loop that reads a piece of text in two ways (exponential), or two
loops that both read it, one behind the other (a square). A search begins anew at each character: that is a loop before all others.
"""

import ast
import functools
import importlib
import pkgutil
import re
import time
from itertools import chain, product
from re import _constants as sre
from re import _parser
from types import FunctionType

import pytest

import assets
import cli
import pipeline
import schemas
from pipeline.common.control_tokens import Controls
from pipeline.common.guards import RUN, Guarded

# Patterns that take the square of a text that their callers keep short.
EXCEPTIONS = {"pipeline.normalize.nested_cells._ARRAY": "its caller counts what it begins with: at most a hundred searches"}
# Modules whose patterns are made where they run, of what others give; what they make is proved on the objects that hold it.
GIVEN = {"pipeline.common.guards", "pipeline.common.control_tokens"}

METHODS = {"search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"}
SINGLE = (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN)
REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
# Characters of every class; those that a pattern names come on top.
COMMON = " \n\t\u00a07aZé_.,;:-()[]{}*|/\\\"'<>=#~&$?!"
START, SEARCH, ACCEPT = "", -1, -2


def is_word(char):
    return char.isalnum() or char == "_"


def reads(op, value, flags, char):
    """Whether one piece of a parsed pattern reads a character."""
    if op is sre.ANY:
        return char != "\n" or bool(flags & sre.SRE_FLAG_DOTALL)
    if op is sre.NOT_LITERAL:
        return not reads(sre.LITERAL, value, flags, char)
    if op is sre.IN:
        negated = value[0][0] is sre.NEGATE
        return any(reads(*item, flags, char) for item in value[negated:]) != negated
    if op is sre.CATEGORY:
        kind = {"SPACE": char.isspace(), "DIGIT": char.isdecimal(), "WORD": is_word(char)}[str(value).rpartition("_")[2]]
        return kind != ("_NOT_" in str(value))
    low, high = value if op is sre.RANGE else (value, value)
    forms = {char, char.lower(), char.upper()} if flags & sre.SRE_FLAG_IGNORECASE else {char}
    return any(len(form) == 1 and low <= ord(form) <= high for form in forms)


def named_chars(parsed):
    """The characters that a parsed pattern names, small and capital."""
    for op, value in parsed:
        if op in (sre.LITERAL, sre.NOT_LITERAL, sre.RANGE):
            for code in value if op is sre.RANGE else (value,):
                yield from (char for char in (chr(code), chr(code).lower(), chr(code).upper()) if len(char) == 1)
        elif op is sre.BRANCH:
            yield from chain.from_iterable(map(named_chars, value[1]))
        elif op is sre.ATOMIC_GROUP or (op is sre.IN and value):
            yield from named_chars(value)
        elif op in (sre.SUBPATTERN, sre.ASSERT, sre.ASSERT_NOT, *REPEATS):
            yield from named_chars(value[-1])


def is_unbounded(parsed):
    """Whether a parsed pattern holds a repeat without an upper bound."""
    for op, value in parsed:
        if op in REPEATS and (value[1] is sre.MAXREPEAT or is_unbounded(value[2])):
            return True
        if op is sre.BRANCH and any(map(is_unbounded, value[1])):
            return True
        if op is sre.ATOMIC_GROUP and is_unbounded(value):
            return True
        if op is sre.SUBPATTERN and is_unbounded(value[-1]):
            return True
    return False


class Machine:
    """A pattern as states that read a character each. Between two states stand conditions on the characters at both sides: `(side, characters,
    whether it must be one of them)`. A counted repeat stands here at most five times: what it reads in full is bounded anyway."""

    def __init__(self, pattern):
        parsed = _parser.parse(pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1"), pattern.flags)
        self.chars = sorted({*COMMON, *named_chars(parsed)})
        self._char_sets, self._places, self._atomic, self._groups = {}, 0, frozenset(), 0
        self.reads, self.behind, self.groups = [], [], []  # by state: its characters, the place behind it, the atomic groups around it
        self._free, self._states = {}, {}  # by place: where it leads without reading, and which states begin there
        self._end = self._all(parsed, self._place(), pattern.flags)
        self._keep_one_char_of_each_kind()
        self.edges = [self._following(place) for place in self.behind]
        self.first = self._following(0)

    def _place(self):
        self._places += 1
        return self._places - 1

    def _link(self, place, to, condition=None):
        self._free.setdefault(place, []).append((to, condition))
        return to

    def _set(self, op, value, flags):
        key = repr((op, value, flags & (sre.SRE_FLAG_IGNORECASE | sre.SRE_FLAG_DOTALL)))
        if key not in self._char_sets:
            self._char_sets[key] = frozenset(char for char in self.chars if reads(op, value, int(flags), char))
        return self._char_sets[key]

    def _all(self, parsed, place, flags):
        for op, value in parsed:
            place = self._piece(op, value, place, int(flags))
        return place

    def _piece(self, op, value, place, flags):
        if op in SINGLE or op is sre.GROUPREF:
            self._states.setdefault(place, []).append(len(self.reads))
            self.reads.append(self._set(*((op, value, flags) if op in SINGLE else (sre.ANY, None, sre.SRE_FLAG_DOTALL))))
            self.behind.append(self._place())
            self.groups.append(self._atomic)
            return self.behind[-1]
        if op is sre.SUBPATTERN:
            return self._all(value[3], place, (flags | value[1]) & ~value[2])
        if op in (sre.ATOMIC_GROUP, sre.POSSESSIVE_REPEAT):
            return self._kept(op, value, place, flags)
        if op in REPEATS:
            return self._repeat(*value, place, flags)
        end = self._place()
        if op is sre.BRANCH:
            for branch in value[1]:
                self._link(self._all(branch, self._link(place, self._place()), flags), end)
        elif op is sre.AT:
            self._link(place, end, self._edge(value, flags))
        else:
            self._look(op is sre.ASSERT, *value, place, end, flags)
        return end

    def _kept(self, op, value, place, flags):
        """What is never given back; behind a possessive run of one character comes another one."""
        self._groups += 1
        outer, self._atomic = self._atomic, self._atomic | {self._groups}
        end = self._all(value, place, flags) if op is sre.ATOMIC_GROUP else self._repeat(*value, place, flags)
        self._atomic = outer
        if op is sre.POSSESSIVE_REPEAT and value[1] is sre.MAXREPEAT and len(value[2]) == 1 and value[2][0][0] in SINGLE:
            return self._link(end, self._place(), ("next", self._set(*value[2][0], flags), False))
        return end

    def _repeat(self, low, high, body, place, flags):
        for _ in range(min(low, 3)):
            place = self._all(body, place, flags)
        end, endless = self._place(), high is sre.MAXREPEAT
        # A loop in a loop is written once before it, so that the two ways around are two states.
        for _ in range(is_unbounded(body) if endless else min(high - low, 2)):
            self._link(place, end)
            place = self._all(body, self._link(place, self._place()), flags)
        if endless:
            place = self._link(place, self._place())
            self._link(self._all(body, self._link(place, self._place()), flags), place)
        return self._link(place, end)

    def _look(self, wanted, way, body, place, end, flags):
        """A look at one character is a condition; one further ahead reads beside the pattern, and one further back is left out."""
        while len(body) == 1 and body[0][0] is sre.SUBPATTERN:
            body = body[0][1][3]
        if len(body) == 1 and body[0][0] in SINGLE:
            self._link(place, end, ("next" if way == 1 else "last", self._set(*body[0], flags), wanted))
            return
        if way == 1:
            self._all(body, self._link(place, self._place()), flags)
        self._link(place, end)

    @staticmethod
    def _edge(at, flags):
        if at in (sre.AT_BOUNDARY, sre.AT_NON_BOUNDARY):
            return "edge", None, at is sre.AT_BOUNDARY
        if at in (sre.AT_BEGINNING, sre.AT_BEGINNING_STRING):
            return "last", frozenset([START, "\n"] if at is sre.AT_BEGINNING and flags & sre.SRE_FLAG_MULTILINE else [START]), True
        return "next", frozenset(["\n"] if at is sre.AT_END else []), True

    def _keep_one_char_of_each_kind(self):
        sets, kinds = set(self._char_sets.values()), {}
        for char in sorted(self.chars, key=lambda char: (COMMON + char).index(char)):
            kinds.setdefault((tuple(char in found for found in sets), is_word(char), char == "\n"), char)
        self.chars = frozenset(kinds.values())
        self.reads = [found & self.chars for found in self.reads]

    def _following(self, place):
        """(state or ACCEPT, conditions, in how many ways: 1 or 2) behind a place."""
        found, visits, todo = {}, {}, [(place, frozenset(), frozenset([place]))]
        while todo:
            at, conditions, way = todo.pop()
            visits[at, conditions] = visits.get((at, conditions), 0) + 1
            if visits[at, conditions] > 2:
                continue
            for state in [*self._states.get(at, ()), *([ACCEPT] if at == self._end else [])]:
                found[state, conditions] = found.get((state, conditions), 0) + 1
            todo += [
                (to, conditions | {condition} if condition else conditions, way | {to})
                for to, condition in self._free.get(at, ())
                if to not in way
            ]
        return [(state, conditions, ways) for (state, conditions), ways in found.items()]


machine_of = functools.cache(Machine)


def holds(condition, last, char):
    side, chars, wanted = condition
    if side == "edge":
        return (is_word(last) != is_word(char)) == wanted
    return ((last if side == "last" else char) in chars) == wanted


class Ambiguity:
    """Which texts a pattern can read in too many ways."""

    def __init__(self, pattern, search=True, whole=False):
        self.machine = machine = machine_of(pattern)
        self.edges = dict(enumerate(machine.edges))
        self.reads = dict(enumerate(machine.reads))
        self.groups = dict(enumerate(machine.groups))
        # A search that fails goes on at the next character. What may end at any moment never fails, unless all must be read.
        self.accepting = {state for state, edges in self.edges.items() if any(to == ACCEPT and not on for to, on, _ in edges) and not whole}
        if search:
            self.edges[SEARCH] = [*machine.first, (SEARCH, frozenset(), 1)]
            self.reads[SEARCH], self.groups[SEARCH] = machine.chars, frozenset()
        self.step = functools.cache(self._step)
        # Of the character before, all that counts is which conditions it meets: one stands for its like.
        looks = [condition for edges in self.edges.values() for _, on, _ in edges for condition in on if condition[0] != "next"]
        self.like, kinds = {}, {}
        for char in sorted(machine.chars):
            met = tuple(is_word(char) if side == "edge" else char in chars for side, chars, _ in dict.fromkeys(looks))
            self.like[char] = kinds.setdefault(met, char)

    def _step(self, state, last, char):
        return [
            (to, ways)
            for to, conditions, ways in self.edges[state]
            if to != ACCEPT and char in self.reads[to] and all(holds(condition, last, char) for condition in conditions)
        ]

    def loops(self, without=()):
        """Sets of states that lead to each other, and what is reached from each."""
        graph = {
            state: {to for to, _, _ in edges if to != ACCEPT and to not in without}
            for state, edges in self.edges.items()
            if state not in without
        }
        reached = {state: reachable(graph, state) for state in graph}
        looping = [state for state in graph if state in reached[state]]
        return {frozenset(other for other in reached[state] if state in reached[other]) for state in looping}, reached

    def read_by(self, states):
        return frozenset().union(*(self.reads[state] for state in states))

    def exponential(self):
        """A text that a loop reads in two ways, or None."""
        for loop in self.loops()[0]:
            if all(sum(ways for to, _, ways in self.edges[state] if to in loop) == 1 for state in loop):
                continue  # There is one way around.
            state = min(loop)
            for last in {self.like[char] for char in self.reads[state]}:
                inside = functools.partial(self._twice, loop, self.read_by(loop))
                if text := path(inside, (state, state, last, False), lambda at, s=state, c=last: at == (s, s, c, True)):
                    return text
        return None

    def _twice(self, loop, chars, at):
        one, other, last, parted = at
        for char in chars:
            ways = ([step for step in self.step(state, last, char) if step[0] in loop] for state in (one, other))
            for (to, count), (to_other, _) in product(*ways):
                yield char, (to, to_other, self.like[char], parted or to != to_other or count > 1)

    def polynomial(self):
        """A text that one loop reads, the way from there to another loop, and that loop as well, or None."""
        loops, reached = self.loops()
        failing = self.loops(self.accepting)[0]
        for first, second in product(loops, failing):
            for state, later in product(first, second):
                # From behind an atomic group nothing goes back into it.
                if first & second or later not in reached[state] or not self.groups[state] <= self.groups[later]:
                    continue
                between = {way for way in reached[state] if later in reached[way] or way == later} | {state}
                chars = self.read_by(first) & self.read_by(second)
                inside = functools.partial(self._thrice, (first, between, second), chars)
                for last in {self.like[char] for char in self.reads[state] & self.reads[later]}:
                    end = (state, later, later, last)
                    if text := path(inside, (state, state, later, last), end.__eq__):
                        return text
        return None

    def _thrice(self, parts, chars, at):
        for char in chars:
            ways = ({to for to, _ in self.step(state, at[3], char)} & part for state, part in zip(at, parts, strict=False))
            for states in product(*ways):
                yield char, (*states, self.like[char])


def reachable(graph, state):
    found, todo = set(), [state]
    while todo:
        new = graph[todo.pop()] - found
        found |= new
        todo += new
    return found


def path(steps, start, is_end):
    """The characters on the way from a start to an end, or None."""
    seen, todo = {}, [start]
    for at in todo:
        for char, new in steps(at):
            if new not in seen:
                seen[new] = (at, char)
                todo.append(new)
                if is_end(new):
                    text, at = char, at
                    while at != start:
                        at, char = seen[at]
                        text = char + text
                    return text
    return None


def modules():
    """Modules that use patterns."""
    for package in (schemas, pipeline, assets, cli):
        for found in [*pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]:
            source = importlib.util.find_spec(found.name).loader.get_source(found.name)
            if not found.name.endswith("__main__") and re.search(r"^import re$|\bGuarded\b|re\.Pattern", source, re.MULTILINE):
                yield importlib.import_module(found.name), ast.parse(source)


def patterns_in(value):
    """Patterns in what a name of a module stands for, and how they are used where that shows."""
    if isinstance(value, re.Pattern):
        yield value, set()
    elif isinstance(value, Guarded):
        yield from ((pattern, {"search"}) for pattern in (value.pattern, value.quick) if pattern is not None)
    elif isinstance(getattr(value, "__self__", None), re.Pattern):
        yield value.__self__, {value.__name__}
    elif type(value) in (tuple, list, set, frozenset, dict):
        yield from chain.from_iterable(map(patterns_in, value.values() if isinstance(value, dict) else value))
    elif isinstance(value, Controls):
        yield from ((pattern, {"sub"}) for pattern in vars(value).values() if pattern is not None)
    elif isinstance(value, FunctionType):
        yield from patterns_in(value.__defaults__)


class Known(ast.NodeTransformer):
    """Puts a 1 where the text of a pattern holds what only a call knows."""

    def __init__(self, names):
        self.names = names

    def visit_FormattedValue(self, node):
        try:
            self.value(ast.JoinedStr([node]))
        except NameError:
            return ast.Constant("1")
        return node

    def value(self, node):
        return eval(compile(ast.fix_missing_locations(ast.Expression(node)), "pattern", "eval"), self.names)


def literal_pattern(call, names):
    """The pattern of `re.sub("...", ...)`, with its flags."""
    known = Known(names)
    flags = [keyword.value for keyword in call.keywords if keyword.arg == "flags"]
    flags += [arg for arg in call.args[1:] if re.match(r"re\.[A-Z]", ast.unparse(arg))]
    return re.compile(known.value(known.visit(call.args[0])), known.value(flags[0]) if flags else 0)


def used_name(node):
    """X of `X.search(...)` and `X.pattern.search(...)`."""
    node = node.value
    node = node.value if isinstance(node, ast.Attribute) and node.attr == "pattern" else node
    return node.id if isinstance(node, ast.Name) else None


def collect():
    """Every pattern: the first name it has, and the methods that it is used by."""
    found = {}
    for module, tree in modules():
        names = vars(module)
        here = {name: list(patterns_in(value)) for name, value in names.items()}
        for name, patterns in here.items():
            for pattern, methods in patterns:
                found.setdefault(pattern, (f"{module.__name__}.{name}", set()))[1].update(methods)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in METHODS:
                for pattern, _ in here.get(used_name(node), ()):
                    found[pattern][1].add(node.attr)
            if isinstance(node, ast.Call) and re.fullmatch(r"re\.\w+", ast.unparse(node.func)) and node.func.attr in METHODS | {"compile"}:
                try:
                    pattern = literal_pattern(node, names)
                except NameError:
                    assert module.__name__ in GIVEN, f"{module.__name__}:{node.lineno} makes a pattern that nobody proves"
                    continue
                entry = found.setdefault(pattern, (f"{module.__name__}:{node.lineno}", set()))
                entry[1].update({node.func.attr} & METHODS)
    return [(name, pattern, methods or {"search"}) for pattern, (name, methods) in found.items()]


EVERY = collect()
PROVED = [pytest.param(pattern, methods, id=name) for name, pattern, methods in EVERY if name not in EXCEPTIONS]


def ways_of_use(methods):
    if methods - {"match", "fullmatch"}:
        yield {"search": True}
    if "match" in methods:
        yield {"search": False}
    if "fullmatch" in methods:
        yield {"search": False, "whole": True}


def too_slow_on(pattern, methods=frozenset(["search"])):
    """How the time grows that a pattern takes, and on repeats of which text; None where it grows with the text."""
    for use in ways_of_use(methods):
        ambiguity = Ambiguity(pattern, **use)
        for growth in ("exponential", "polynomial"):
            if text := getattr(ambiguity, growth)():
                return growth, text
    return None


@pytest.mark.parametrize(("pattern", "methods"), PROVED)
def test_no_text_is_read_in_too_many_ways(pattern, methods):
    assert too_slow_on(pattern, methods) is None


EXPONENTIAL = [r"(?:a+)+b", r"(?:a|a)*b", r"(?:\s*x?\s*y?)+z", r"(?:[A-J]\s*(?:,|\s)\s*)+x", r"(?:\w+\s?)*:"]
SQUARE = [r"\s*x", r"(?m)^\s*x", r"\d+x", r"a\s*:?\s*b", r"<[^>]*>", r"x.*y.*", r"\.(?=.*x)", r"a(?!.*b)", r"\w*\s*\w+-", r"(?:\s*)*x", r"\s+$", r"(?:ab?)*a*c"]  # fmt: skip
LINEAR = [r"\w+", r"\b\w+x", r"(?<!\s)\s*x", r"(?m)^[ \t]*x", r"<[^<>]*>", r"\d+(?:[.,]\d+)*", r"a\s*+(?::\s*+)?b", r"\w+\s*", r"\A(?>.*?x).*y", r"\A\s*x", r"\A(?:a+,)+b"]  # fmt: skip


def test_the_proof_tells_slow_patterns_from_quick_ones():
    assert [too_slow_on(re.compile(pattern))[0] for pattern in EXPONENTIAL] == ["exponential"] * len(EXPONENTIAL)
    assert [(pattern, too_slow_on(re.compile(pattern)) is None) for pattern in SQUARE] == [(pattern, False) for pattern in SQUARE]
    assert [(pattern, too_slow_on(re.compile(pattern))) for pattern in LINEAR] == [(pattern, None) for pattern in LINEAR]
    assert too_slow_on(re.compile(r"\s*x"), {"match"}) is None
    assert too_slow_on(re.compile(r"a*a*"), {"search"}) is None
    assert too_slow_on(re.compile(r"a*a*"), {"fullmatch"}) == ("polynomial", "a")


def test_patterns_are_found_wherever_they_stand():
    names = {name for name, _, _ in EVERY}
    assert {
        "pipeline.common.text.SPACES",
        "pipeline.common.grammar.option_lists._MARKS",
        "pipeline.common.grammar.pictures.PICTURE",
    } <= names
    assert {"pipeline.ingest.exam.keys._LISTED", "schemas.config.ENVIRONMENT"} <= names
    assert RUN.__self__ in [pattern for _, pattern, _ in EVERY]
    literals = [pattern.pattern for name, pattern, _ in EVERY if re.search(r":\d+$", name)]
    assert r"\(\s*1\s*\)" in literals, "a pattern made of what a call knows"
    assert EXCEPTIONS.keys() <= names


def hostile(pattern):
    """Repeats on which a pattern could take long: the shortest way into each of its loops, and what the loop reads, again and again."""
    ambiguity = Ambiguity(pattern)
    ways = shortest(ambiguity)
    for loop in ambiguity.loops()[0]:
        for state in loop & ways.keys():
            way = ways[state]
            yield way, ""
            for char in sorted(ambiguity.reads[state], key=lambda char: (COMMON + char).index(char))[:2]:
                yield char, way


def shortest(ambiguity):
    """The shortest text that leads into each state."""
    texts, todo = {}, [(SEARCH, START, "")]
    seen = set()
    for state, last, text in todo:
        for char in sorted(ambiguity.machine.chars):
            for to, _ in ambiguity.step(state, last, char):
                if to != SEARCH and (to, char) not in seen:
                    seen.add((to, char))
                    texts.setdefault(to, text + char)
                    todo.append((to, char, text + char))
    return texts


def seconds(call, text):
    start = time.process_time()
    call(text)
    return time.process_time() - start


def grows_at_most(short, long, times, call, make):
    texts = make(short), make(long)
    # A machine that does something else meanwhile is asked again; what grows faster is found so each time.
    return any(seconds(call, texts[1]) < times * max(seconds(call, texts[0]), 1e-6) for _ in range(8))


@pytest.mark.parametrize(("pattern", "methods"), PROVED)
def test_time_grows_with_the_text(pattern, methods):
    calls = [functools.partial(getattr(pattern, name), *([""] if name in ("sub", "subn") else [])) for name in sorted(methods)]
    for (repeated, before), call in product(dict.fromkeys(hostile(pattern)), calls):

        def make(count, repeated=repeated, before=before):
            text = before + repeated * count + "\0a"
            return text if isinstance(pattern.pattern, str) else text.encode("latin-1", "replace")

        # From few repeats up: what takes all ways to read a text fails here before it takes hours.
        assert all(grows_at_most(count // 2, count, 8, call, make) for count in (8, 16, 32)), (before, repeated)
        # Eightfold in time that grows with the length, 64-fold with its square.
        assert grows_at_most(1024 // len(repeated), 8192 // len(repeated), 24, call, make), (before, repeated)
