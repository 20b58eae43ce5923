"""Where the questions of a list in Markdown begin: the style of number, heading or label that most of them share, told from the numbers
of steps in a solution and of statements in a stem."""

from collections import Counter

from pipeline.ingest.markdown_groups import Group
from pipeline.ingest.markdown_lines import Line
from pipeline.ingest.markdown_words import Start, explanation_text, key_value, question_start

_RANKS = ("plain", "item", "line", "label", "quiz", "edx", "worded", "numbered")
# Styles that nothing but questions has.
SURE = ("worded", "numbered", "quiz", "edx")


def find_starts(lines: list[Line], groups: list[Group], taken: set[int]) -> tuple[dict[int, int], dict[int, Start]]:
    """The line at which the question of each group begins, by the group's place in `groups` (none where nothing marks it), and all
    beginnings, those of questions without options too."""
    candidates = _candidates(lines, groups, taken)
    ranges = [(before.end if before else 0, group.start) for before, group in zip([None, *groups], groups, strict=False)]
    within = [_open_at(lines, candidates, start, end) for start, end in ranges]
    support = Counter(style for places in within for style in {candidates[place].style for place in places})
    chosen: dict[int, int] = {}
    starts: dict[int, Start] = {}
    last: dict[tuple[str, ...], int] = {}
    for number, places in enumerate(within):
        styles = {candidates[place].style for place in places}
        usable = [
            style
            for style in styles
            if style[0] != "plain" or support[style] * 2 > len(groups) or _is_next(lines, places[-1], groups[number])
        ]
        style = max(
            usable,
            key=lambda style: (_sure(style), support[style], _RANKS.index(style[0]), style[0] != "item" or -int(style[1])),
            default=None,
        )
        same = [place for place in places if candidates[place].style == style]
        mine = _choose(same, candidates, last.get(style, 0)) if style else None
        for place in places:
            if (mine is None or place < mine) and (
                _is_sure(candidates[place], support) or _is_extra(place, same, candidates, mine, last.get(candidates[place].style))
            ):
                starts[place] = candidates[place]
        if mine is not None and style is not None:
            chosen[number], starts[mine] = mine, candidates[mine]
            last[style] = candidates[mine].number or 0
    behind = [place for place in candidates if not groups or place >= groups[-1].end]
    for place in behind:
        start = candidates[place]
        expected = last.get(start.style)
        if (
            (not groups and start.style[0] in SURE)
            or _is_sure(start, support)
            or (expected is not None and start.number == expected + 1)
            or (not groups and _asks(lines[place], start))
        ):
            starts[place] = start
            last[start.style] = start.number or 0
    return chosen, starts


def _sure(style: tuple[str, ...]) -> int:
    return style[0] in SURE


def _is_sure(start: Start, support: Counter[tuple[str, ...]]) -> bool:
    """True for what begins a question wherever it stands; a heading does where others of its level do."""
    if start.style[0] == "numbered":
        return any(style[1:] == start.style[1:] and style[0] in SURE for style in support)
    return start.style[0] in SURE


def _open_at(lines: list[Line], candidates: dict[int, Start], start: int, end: int) -> list[int]:
    """The candidates between two places that no heading parts from the second: no question goes on below one."""
    headings = [place for place in range(start, end) if lines[place].kind == "heading" and place in candidates]
    last = headings[-1] if headings else start
    return [
        place for place in candidates if start <= place < end and (place >= last or candidates[place].style[-1] == str(lines[place].level))
    ]


def _asks(line: Line, start: Start) -> bool:
    return start.style[0] == "label" or (start.style[0] in ("item", "line", "plain") and line.text.rstrip(" *_").endswith(("?", "？")))


def _is_next(lines: list[Line], place: int, group: Group) -> bool:
    """True where nothing but code stands between a line and a list of options."""
    return all(line.kind in ("code", "hidden") for line in lines[place + 1 : group.start])


def _candidates(lines: list[Line], groups: list[Group], taken: set[int]) -> dict[int, Start]:
    inside = taken | {place for group in groups for place in range(group.start, group.end)}
    # What is folded away and offers no options is a key or a solution.
    open_folds = {fold for group in groups for fold in lines[group.start].folds}
    found = {}
    for place, line in enumerate(lines):
        if place in inside or line.link or not open_folds.issuperset(line.folds):
            continue
        if key_value(line.text) is None and explanation_text(line.text) is None and (start := question_start(line)) is not None:
            found[place] = start
    return found


def _choose(places: list[int], candidates: dict[int, Start], last: int) -> int | None:
    """The beginning among the numbers before a list of options: the run of numbers that goes on where the last question stood."""
    if not places or candidates[places[0]].style[0] not in ("item", "line"):
        return places[-1] if places else None
    runs: list[list[int]] = []
    for place in places:
        if runs and candidates[place].number == (candidates[runs[-1][-1]].number or 0) + 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    for run in runs:
        if candidates[run[0]].number == last + 1:
            return run[-1]
    wanted = [place for place in places if candidates[place].number == last + 1]
    return wanted[-1] if wanted else runs[-1][-1]


def _is_extra(place: int, same: list[int], candidates: dict[int, Start], mine: int | None, last: int | None) -> bool:
    """Whether a candidate between two lists of options begins a question that has none."""
    start = candidates[place]
    if place not in same or mine is None or start.number is None or last is None:
        return False
    number = candidates[mine].number or 0
    return last < start.number < number and not any(candidates[p].number == start.number - 1 != last for p in same if p < place)
