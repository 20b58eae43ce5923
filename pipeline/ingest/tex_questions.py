"""Questions in a LaTeX tree, by the commands and environments of the packages that people set them with: the exam class, ex_test, AMC,
moodle.sty, alterqcm."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from pipeline.common.grammar.keys import key_in_note
from pipeline.common.grammar.option_lists import split_options
from pipeline.ingest.items import Item
from pipeline.ingest.tex import Node, walk
from pipeline.ingest.tex_text import groups, inside, items_of, optional, plain
from schemas.reasons import Reason

# Environments of one question each.
_EX_TEST = ("ex", "bt", "vd", "ex*", "bt*", "exer")
_QUESTION = ("question", "questionmult", "questionmultx", "exercise", "problem", "mcquestion", "multiplechoice")
_MOODLE = ("multi", "truefalse", "shortanswer", "numerical", "essay", "matching", "cloze", "description")
_STARTS = ("question", "titledquestion", "bonusquestion", "bonustitledquestion")
_PARTS = ("parts", "subparts", "subsubparts")
_CHOICES = tuple(
    "choices oneparchoices checkboxes oneparcheckboxes choiceshoriz choicescustom reponses reponseshoriz answerlist mcanswers"
    " answers".split()
)
_RIGHT = ("CorrectChoice", "correctchoice", "bonne", "item*", "task*", "choice*", "rightchoice", "CorrectAnswer", "correctanswer")
_OPTION = (*_RIGHT, "choice", "wrongchoice", "mauvaise", "item", "task", "wronganswer", "incorrectchoice")
_RIGHT_WITHIN = ("True", "correct")
_LISTS = ("enumerate", "enumerate*", "itemize", "tasks")
_ROWS = ("choice", "haicot", "motcot", "boncot", "choicew", "choicex")
_STATEMENTS = ("choiceTF", "choiceTFt", "choiceTFn", "choiceTFw", "choicetf")
_SOLUTION = (
    "solution",
    "solutionorbox",
    "solutionorlines",
    "solutionbox",
    "solutionordottedlines",
    "explanation",
    "loigiai",
    "sol",
    "huongdan",
)
_SOLUTION_COMMANDS = ("loigiai", "huongdan", "explain", "AMCexplain", "explanation", "solution", "loigiaivd")
_KEY_COMMANDS = ("answer", "ans", "key", "dapan", "dapso", "correctanswer")
_OPEN = ("shortans", "AMCnumericChoices", "AMCOpen", "AMCnumericChoicesPlain")
_CONTAINERS = ("immini", "imminiL", "immini*", "element", "fullwidth", "uplevel", "parbox", "minipage")
_LETTER = re.compile(r"\W*(?:(?:answer|key|đáp án|chọn)\W*)?\(?([A-J])\)?\W*", re.IGNORECASE)
_NO_KEY = "its options are typed into the text, and nothing says which is right: looked for a letter or `Answer: B` in a solution"
_LOOKED_FOR = r"no option is marked as right (looked for \CorrectChoice, \correctchoice, \True, \item*, and for a key in the solution)"
_OVER_ALL = ("uplevel", "fullwidth", "EnvUplevel", "EnvFullwidth")
_RUBRIC = re.compile(
    r"\W*(?:read|use|refer|consider|for (?:the next|questions?)|questions?\W*\d|the (?:next|following)|look at|đọc|dựa|sử dụng|cho|xét)\b",
    re.IGNORECASE,
)


class Question(NamedTuple):
    """A question's parts as nodes. `options` with whether each is marked as right; `problem` is a verdict on it."""

    stem: list[Node]
    options: list[tuple[list[Node], bool]]
    solution: list[Node]
    behind: list[Node]
    context: list[Node]
    problem: tuple[Reason, str] | None = None

    def item(self, number: int) -> Item:
        """Its record, or its rejection."""
        texts = [plain(nodes) for nodes, _ in self.options]
        stem, solution, behind = plain(self.stem), plain(self.solution), plain(self.behind)
        right = [correct for _, correct in self.options]
        if not any(right) and (letter := _LETTER.fullmatch(solution) or _LETTER.fullmatch(behind)):
            right = [place == ord(letter[1].upper()) - 65 for place in range(len(texts))]
        cells: dict[str, Any] = {"question": stem}
        if texts:
            marked = [{"text": text, "correct": correct} for text, correct in zip(texts, right, strict=True)]
            # Without a mark the solution may name the key.
            cells["options"] = marked if any(right) else texts
        explanation = "\n".join(part for part in (solution, behind if key_in_note(behind) else "") if part)
        more = {"context": plain(self.context), "explanation": explanation}
        if "[image]" in behind or any("[image]" in text for text in texts):
            more["image"] = "[image]"
        cells |= {name: value for name, value in more.items() if value}
        if self.problem:
            return Item(f"item:{number}", cells, *self.problem)
        if not texts and split_options(stem):
            # Options that are typed into the text.
            letter = _LETTER.fullmatch(solution)
            key = letter[1].upper() if letter else key_in_note(explanation)
            return Item(f"item:{number}", cells | {"answer": key}) if key else Item(f"item:{number}", cells, Reason.MISSING_ANSWER, _NO_KEY)
        if not texts:
            return Item(f"item:{number}", cells, Reason.NOT_MULTIPLE_CHOICE, "it offers no options (no \\choice, no choices environment)")
        if not any(right) and not key_in_note(explanation):
            return Item(f"item:{number}", cells, Reason.MISSING_ANSWER, _LOOKED_FOR)
        return Item(f"item:{number}", cells)


def questions(nodes: Sequence[Node]) -> Iterator[Question]:
    """The questions below these nodes, in order."""
    if any(node.kind == "command" and node.value in _STARTS for node in nodes):
        before, found = items_of(nodes, _STARTS)
        yield from questions(before)
        shared = _passage(before)[0]
        for name, inner in found:
            following, inner = _passage(inner)
            for question in _of_exam_class(name, inner):
                yield question._replace(context=[*shared, Node("par", ""), *question.context]) if shared else question
            shared = shared if following is None else following
        return
    for at, node in enumerate(nodes):
        if node.kind == "command" and node.value == "AQquestion":
            yield _of_alterqcm(nodes, at + 1)
        elif node.kind == "env" and node.value in _EX_TEST:
            yield question_of(node.children[optional(node.children, 0)[1] :])
        elif node.kind == "env" and node.value in _MOODLE and _is_moodle(node):
            yield _of_moodle(node)
        elif node.kind == "env" and node.value in _QUESTION and node.value != "description":
            yield _of_environment(node)
        elif node.kind in ("env", "group"):
            yield from questions(node.children)


def _passage(nodes: list[Node]) -> tuple[list[Node] | None, list[Node]]:
    """What is set over the whole width before the next questions, where it says what to read ([] for a heading, which ends that; None
    where nothing is), and the nodes without it."""
    places = [place for place, node in enumerate(nodes) if node.value in _OVER_ALL and node.kind in ("command", "env")]
    if not places:
        return None, nodes
    shared: list[Node] = []
    rest = nodes[: places[0]]
    for place, following in pairwise([*places, len(nodes)]):
        found = [inside(nodes[place])] if nodes[place].kind == "env" else groups(nodes, place + 1, 1)[0]
        end = place + 1 if nodes[place].kind == "env" else groups(nodes, place + 1, 1)[1]
        shared += [node for group in found for node in [*group, Node("par", "\n")]]
        rest += nodes[end:following]
    return (shared if _RUBRIC.match(plain(shared)) else []), rest


def _of_exam_class(name: str, nodes: list[Node]) -> Iterator[Question]:
    _, at = optional(nodes, 0)
    title: list[list[Node]] = []
    if "titled" in name:
        title, at = groups(nodes, at, 1)
        _, at = optional(nodes, at)
    places = [place for place, node in enumerate(nodes) if node.kind == "env" and node.value in _PARTS]
    if not places:
        found = question_of(nodes[at:])
        yield found if plain(found.stem) or not title else found._replace(stem=title[0])
        return
    shared = nodes[at : places[0]]
    for place in places:
        for number, (_, inner) in enumerate(items_of(nodes[place].children, ("part", "subpart", "subsubpart"))[1]):
            part = question_of(inner[optional(inner, 0)[1] :])
            own = bool(plain(part.stem))
            if not own and number == 0 and len(places) == 1:
                yield part._replace(stem=shared)
            else:
                yield part._replace(context=shared)


def _of_environment(node: Node) -> Question:
    """AMC: an identifier in braces, then the question."""
    nodes = node.children
    _, at = optional(nodes, 0)
    name, end = groups(nodes, at, 1)
    is_name = bool(name) and end < len(nodes) and re.fullmatch(r"[\w:.+ -]{0,80}", plain(name[0])) is not None
    return question_of(nodes[end if is_name else at :])


def _is_moodle(node: Node) -> bool:
    """A moodle question has its name in braces; other packages have environments of these names as well."""
    _, at = optional(node.children, 0)
    return bool(groups(node.children, at, 1)[0])


def _of_moodle(node: Node) -> Question:
    settings, at = optional(node.children, 0)
    _, at = groups(node.children, at, 1)
    stem, found = items_of(node.children[at:], ("item", "item*"))
    if node.value not in ("multi", "truefalse"):
        problem = (Reason.NOT_MULTIPLE_CHOICE, f"moodle's {node.value}: it offers no options to choose one from")
        return Question(stem, [], [], [], [], problem)
    options = []
    several = "multiple" in (settings or "") or "single=false" in (settings or "").replace(" ", "")
    for name, nodes in found:
        own, at = optional(nodes, 0)
        share = re.search(r"fraction\s?=\s?\{?(-?\d{1,3})", own or "")
        weight = int(share[1]) if share else 0
        options.append((nodes[at:], name == "item*" or weight == 100 or (several and weight > 0)))
    return Question(stem, options, [], [], [])


def _of_alterqcm(nodes: Sequence[Node], at: int) -> Question:
    settings, at = optional(nodes, at)
    found, _ = groups(nodes, at, 2)
    texts = [node.children for node in found[1] if node.kind == "group"] if len(found) == 2 else []
    right = re.search(r"\bbr\s?=\s?(\d{1,2})", settings or "")
    options = [(text, right is not None and int(right[1]) == place) for place, text in enumerate(texts, start=1)]
    return Question(found[0] if found else [], options, [], [], [])


class _Parts:
    """What is found of one question, piece by piece."""

    def __init__(self) -> None:
        self.stem: list[Node] = []
        self.options: list[tuple[list[Node], bool]] = []
        self.solution: list[Node] = []
        self.behind: list[Node] = []
        self.problem: tuple[Reason, str] | None = None

    def take_options(self, options: list[tuple[list[Node], bool]]) -> None:
        if self.options and options:
            self.problem = (Reason.MULTIPLE_QUESTIONS, "two lists of options in one question")
        self.options += options

    def collect(self, nodes: Sequence[Node]) -> None:
        at = 0
        while at < len(nodes):
            node = nodes[at]
            at += 1
            if node.kind == "env":
                self._environment(node)
            elif node.kind == "group" and _holds_parts(node.children):
                self.collect(node.children)
            elif node.kind == "command":
                at = self._command(nodes, at, node)
            else:
                self.rest(node)

    def rest(self, node: Node) -> None:
        (self.behind if self.options else self.stem).append(node)

    def _environment(self, node: Node) -> None:
        if node.value in _CHOICES:
            self.take_options(_choices(node))
        elif node.value in _SOLUTION:
            self.solution += node.children
        elif _holds_parts(node.children) and node.value not in _LISTS:
            self.collect(inside(node))
        else:
            self.rest(node)

    def _command(self, nodes: Sequence[Node], at: int, node: Node) -> int:
        name = node.value
        if name in _ROWS or name in _STATEMENTS or name in _OPEN:
            _, start = optional(nodes, at)
            found, end = groups(nodes, start, 6, apart=True)
            if name in _STATEMENTS:
                self.problem = (
                    Reason.NOT_MULTIPLE_CHOICE,
                    f"\\{name}: statements that are each true or false by themselves, not one to choose",
                )
                self.behind += [Node("group", "", group) for group in found]
            elif name in _OPEN:
                self.problem = (Reason.NOT_MULTIPLE_CHOICE, f"\\{name}: the answer is written, not chosen")
                self.solution += [Node("group", "", group) for group in found]
            elif len(found) >= 2:
                self.take_options([(group, _is_marked(group)) for group in found])
            else:
                return at
            return end
        if name in _SOLUTION_COMMANDS or (name in _KEY_COMMANDS and self.options):
            found, end = groups(nodes, optional(nodes, at)[1], 1)
            for group in found:
                self.solution += group
            return end
        if name in _CONTAINERS:
            found, end = groups(nodes, optional(nodes, at)[1], 2)
            if any(map(_holds_parts, found)):
                for group in found:
                    self.collect(group)
                return end
        self.rest(node)
        return at


def question_of(nodes: Sequence[Node]) -> Question:
    """Stem, options and solution of the nodes of one question."""
    parts = _Parts()
    parts.collect(nodes)
    if not parts.options and parts.problem is None:
        _take_last_list(parts)
    return Question(parts.stem, parts.options, parts.solution, parts.behind, [], parts.problem)


def _take_last_list(parts: _Parts) -> None:
    """A list at the end of the stem, whose items are lettered or one of which is marked, is the options."""
    places = [place for place, node in enumerate(parts.stem) if node.kind == "env" and node.value in _LISTS]
    if not places:
        return
    node = parts.stem[places[-1]]
    options = _choices(node)
    label, _ = optional(node.children, 0)
    lettered = node.value == "tasks" or re.search(r"\\[Aa]lph|^\W?[Aa]\W?$", label or "") is not None
    if len(options) >= 2 and (lettered or any(right for _, right in options)):
        parts.behind = parts.stem[places[-1] + 1 :]
        parts.stem = parts.stem[: places[-1]]
        parts.options = options


def _holds_parts(nodes: Sequence[Node]) -> bool:
    names = {*_CHOICES, *_SOLUTION, *_ROWS, *_STATEMENTS, *_OPEN, *_SOLUTION_COMMANDS}
    return any(node.kind in ("env", "command") and node.value in names for node in walk(nodes))


def _choices(node: Node) -> list[tuple[list[Node], bool]]:
    """The options in an environment; columns around them are passed through."""
    _, at = optional(node.children, 0)
    nodes = node.children[at:]
    for _ in range(3):
        inner = [child for child in nodes if child.kind in ("env", "group") and not _is_option(child)]
        if any(_is_option(child) for child in nodes) or not inner:
            break
        nodes = [grandchild for child in inner for grandchild in inside(child)]
    options = []
    for name, found in items_of(nodes, _OPTION)[1]:
        own, at = optional(found, 0)
        marked = name in _RIGHT or "correct" in (own or "").lower() or _is_marked(found)
        options.append((found[at:] if own is not None and (name.startswith("item") or marked) else found, marked))
    return options


def _is_option(node: Node) -> bool:
    return node.kind == "command" and node.value in _OPTION


def _is_marked(nodes: Sequence[Node]) -> bool:
    return any(node.kind == "command" and node.value in _RIGHT_WITHIN for node in walk(nodes))
