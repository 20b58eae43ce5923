"""LaTeX source as a tree, and pieces of the tree as text. Nothing is executed: a macro that isn't known stays as it is written, and so
does mathematics. Shared by LaTeX files and R/exams."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from schemas.errors import DataError

MAX_DEPTH = 60
# An optional argument holds no more tokens than this.
MAX_OPTIONAL = 100
_TOKEN = re.compile(
    r"(?P<comment>%[^\n]*+(?:\n[ \t]*+)?)|\\(?P<edge>begin|end)[ \t]*+\{(?P<name>[^{}\n]{1,40})\}|(?P<command>\\(?:[a-zA-Z@]++\*?|.|\n)?)"
    r"|(?P<dollar>\$\$?)|(?P<mark>[{}\[\]~])|(?P<par>\n[ \t]*+\n\s*+)|(?P<text>[^%\\${}\[\]~\n]++|\n)",
    re.DOTALL,
)
_MATH_END = re.compile(r"\\.|[{}]|\$\$?|\n[ \t]*+\n", re.DOTALL)
_BLANK_LINE = re.compile(r"\n[ \t]*+\n")
_OPTIONS_BEHIND = re.compile(r"[ \t]*+(?:\[[^\]\n]{0,300}\])?(?:\{[\w+#-]{1,30}\})?[ \t]*+\n?")
CODE = ("verbatim", "lstlisting", "minted", "Verbatim", "alltt", "semiverbatim", "code", "Sinput", "Soutput", "lstcode", "comment")
_MATH = "math displaymath equation align gather multline eqnarray alignat flalign dmath array cases matrix pmatrix bmatrix split".split()
MATH = frozenset([*_MATH, *(f"{name}*" for name in _MATH)])
PICTURES = frozenset(
    "tikzpicture pspicture pgfpicture picture asy asymptote circuitikz tikzcd pspicture* axis overpic chemfig forest mfpic luamplib".split()
)
_ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "d": "\u0323", "b": "\u0331", "r": "\u030a", "k": "\u0328", "h": "\u0309",
}  # fmt: skip
_SIGNS = {
    **{char: char for char in "%&#_{}$"}, " ": " ", "\n": " ", ",": " ", ";": " ", ":": " ", "!": "", "/": "", "-": "", "@": "",
    "ldots": "…", "dots": "…", "textellipsis": "…", "textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^",
    "textless": "<", "textgreater": ">", "textbar": "|", "textbraceleft": "{", "textbraceright": "}", "textdollar": "$", "textquotesingle": "'",
    "lbrace": "{", "rbrace": "}", "slash": "/", "textunderscore": "_", "textpercent": "%",
    "textdegree": "°", "degree": "°", "celsius": "°C", "texteuro": "€", "euro": "€", "pounds": "£", "textsterling": "£", "S": "§", "P": "¶",
    "copyright": "©", "textregistered": "®", "texttrademark": "™", "textmu": "µ", "texttimes": "×", "textpm": "±", "textdiv": "÷",
    "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "aa": "å", "AA": "Å", "i": "ı", "j": "ȷ",
    "dj": "đ", "DJ": "Đ", "th": "þ", "TH": "Þ", "dh": "ð", "ohorn": "ơ", "OHORN": "Ơ", "uhorn": "ư", "UHORN": "Ư",
    "textendash": "–", "textemdash": "—", "textquotedblleft": "“", "textquotedblright": "”", "textquoteleft": "‘", "textquoteright": "’",
    "guillemotleft": "«", "guillemotright": "»", "og": "« ", "fg": " »", "textbullet": "•", "LaTeX": "LaTeX", "TeX": "TeX",
    "quad": " ", "qquad": " ", "enspace": " ", "thinspace": " ", "space": " ", "hfill": " ", "hfil": " ", "nobreakspace": " ", "tab": " ",
    "par": "\n", "newline": "\n", "linebreak": "\n", "\\": "\n", "\\*": "\n", "tabularnewline": "\n",
    "blank": "____", "dotfill": "____", "hrulefill": "____", "answerline": "____", "underscore": "_", "ldotfill": "____",
}  # fmt: skip
# Commands that say how something looks: they go with so many arguments in braces, and with those in brackets.
_DROPPED = {
    **dict.fromkeys(
        "noindent indent centering raggedright raggedleft smallskip medskip bigskip newpage clearpage pagebreak vfill relax protect"
        " tiny scriptsize footnotesize small normalsize large Large LARGE huge Huge bfseries itshape mdseries rmfamily sffamily ttfamily upshape"
        " scshape normalfont em bf it rm sf tt sc sl boldmath unboldmath displaystyle textstyle limits nolinebreak null phantomsection maketitle"
        " tableofcontents hline toprule midrule bottomrule appendix frontmatter mainmatter addpoints noaddpoints printanswers noprintanswers"
        " droppoints droptotalpoints lastchoices True dongkebang centerline leavevmode ignorespaces unskip allowbreak sloppy onehalfspacing"
        " doublespacing singlespacing columnbreak begingroup endgroup bgroup egroup makeatletter makeatother selectfont nopagebreak"
        " setcounter* protect* strut allowdisplaybreaks goodbreak break choice CorrectChoice correctchoice wrongchoice question part subpart"
        " CorrectAnswer multiSymbole explain shortans choiceTF choiceTFn motcot haicot boncot loigiai".split(),
        0,
    ),
    **dict.fromkeys(
        "vspace hspace vskip label index pagestyle thispagestyle usepackage documentclass fontsize color pagecolor bibliographystyle bibliography"
        " input@ bareme baremeDefautS selectlanguage foreignlanguage* vspace* hspace* fillwithlines fillwithdottedlines makeemptybox needspace enlargethispage"
        " bareme exname extype exsolution exshuffle extol expoints exsection exversion exextra exclozetype exstringtype setkeys hypersetup geometry"
        " tikzset pgfplotsset lstset graphicspath phantom hphantom vphantom scoring scoringDefaultS qformat pointname setlist addtocounter@"
        " stepcounter refstepcounter linespread moodleset".split(),
        1,
    ),
    **dict.fromkeys("setlength addtolength setcounter addtocounter definecolor@ titlespacing fontsize@ newlength@ fcolorbox@".split(), 2),
    **dict.fromkeys("definecolor".split(), 3),
    **dict.fromkeys("newcommand renewcommand providecommand newcommand* renewcommand* DeclareMathOperator DeclareMathOperator*".split(), 2),
    **dict.fromkeys("newenvironment renewenvironment".split(), 3),
}
# The text stands in the second argument.
_SECOND = (
    "textcolor",
    "colorbox",
    "href",
    "parbox",
    "raisebox",
    "foreignlanguage",
    "hyperref",
    "makebox@",
    "scalebox",
    "rotatebox",
    "resizebox@",
)
_WRAPPERS = frozenset(
    "textbf textit emph underline text textrm texttt textsf textsc textsl textup textmd textnormal mbox fbox makebox framebox uline uuline underbar"
    " enquote footnote caption section subsection subsubsection section* subsection* subsubsection* chapter chapter* paragraph paragraph* title"
    " author date heading immini imminiL immini* url nolinkurl textquote fullwidth bonusquestion titledquestion noquestion uppercase lowercase"
    " MakeUppercase MakeLowercase center boxed@ highlight hl sout st code lstinline* path bfseries@ mathbox centering@ loigiai* element".split()
)
_PICTURE_COMMANDS = (
    "includegraphics",
    "includegraphics*",
    "includesvg",
    "tikz",
    "chemfig",
    "epsfig",
    "psfig",
    "includepdf",
    "epsfbox",
    "TikzPicture",
)
_GAPS = ("fillin", "fillin*", "rule", "gap")
_LABEL = re.compile(r"\\(arabic|alph|Alph|roman|Roman)\*?|[1aAiI]")
_ARGUMENTS = ("tabular", "tabularx", "longtable", "tabulary", "multicols", "minipage", "wrapfigure", "adjustbox", "spacing")
_TWO_ARGUMENTS = ("tabular*", "tabularx", "tabulary", "wrapfigure")
_TASK_COLUMNS = re.compile(r"\s*\(\d\)")
_VERB = re.compile(r"[ \t]*+(?:\[[^\]\n]{0,300}\])?(?:\{[a-z+#]{1,20}\})?")


class Node(NamedTuple):
    """`kind`: text, par (a blank line), command, group (in braces), env, math, code, or mark (a bracket or a tie); `value`: its text,
    or the name of the command (without its backslash) or environment."""

    kind: str
    value: str
    children: list["Node"] = []  # noqa: RUF012 - a leaf's is never changed


def parse(source: str) -> list[Node]:
    """The tree of a source text; comments are dropped. Braces and environments that nothing closes end with what holds them.

    Raises DataError for one that is nested too deeply.

    >>> [node.value for node in parse(r"a \\textbf{b} $c$ % d")]
    ['a ', 'textbf', '', ' ', '$c$', ' ']
    """
    root: list[Node] = []
    stack: list[tuple[str, list[Node]]] = [("", root)]
    for node in _tokens(source):
        children = stack[-1][1]
        if node.kind == "open":
            opened = Node("env" if node.value else "group", node.value, [])
            children.append(opened)
            stack.append((node.value or "{", opened.children))
            if len(stack) > MAX_DEPTH:
                raise DataError(f"braces and environments stand more than {MAX_DEPTH} deep in each other")
        elif node.kind == "close":
            wanted = node.value or "{"
            # A brace closes no environment: one too many is passed over.
            places = [
                place for place in range(len(stack) - 1, 0, -1) if stack[place][0] == wanted or (wanted == "{" and stack[place][0] != "{")
            ]
            if places and stack[places[0]][0] == wanted:
                del stack[places[0] :]
        else:
            children.append(node)
    return root


def _tokens(source: str) -> Iterator[Node]:
    at, scanner = 0, _Scanner(source)
    while at < len(source):
        match = _TOKEN.match(source, at)
        assert match is not None
        at, kind = match.end(), match.lastgroup
        if kind == "name":
            name = match["name"].strip()
            if match["edge"] == "end":
                yield Node("close", name)
            elif name.rstrip("*") in CODE and (end := scanner.find(f"\\end{{{name}}}", at)) >= 0:
                if name != "comment":
                    start = _OPTIONS_BEHIND.match(source, at)
                    yield Node("code", source[start.end() if start else at : end].rstrip())
                at = end + len(name) + 6
            elif name in MATH and (end := scanner.find(f"\\end{{{name}}}", at)) >= 0:
                at = end + len(name) + 6
                yield Node("math", source[match.start() : at])
            else:
                yield Node("open", name)
        elif kind == "dollar":
            end = scanner.math_end(match.start(), match[0])
            if end < 0:
                yield Node("text", match[0])
            else:
                at = end
                yield Node("math", source[match.start() : end])
        elif kind == "command":
            name = match[0][1:]
            if name in ("(", "[") and (end := scanner.within_paragraph({"(": "\\)", "[": "\\]"}[name], at)) >= 0:
                at = end + 2
                yield Node("math", source[match.start() : at])
            elif name in ("verb", "verb*", "lstinline", "mintinline") and (found := scanner.verb(at)):
                at = found[1]
                yield Node("code", found[0], [Node("text", "inline")])
            else:
                yield Node("command", name)
                # Blanks behind a word are its end.
                if name[-1:].isalpha():
                    at += len(source[at : at + 200]) - len(source[at : at + 200].lstrip(" \t"))
        elif kind == "mark" and match[0] in "{}":
            yield Node("open" if match[0] == "{" else "close", "")
        elif kind != "comment":
            yield Node(kind or "text", match[0])


class _Scanner:
    """Looks for what closes something; what isn't found from one place on isn't looked for again."""

    def __init__(self, source: str) -> None:
        self._source, self._missing, self._bound, self._loose = source, set[str](), 0, 0

    def find(self, wanted: str, at: int) -> int:
        if wanted in self._missing:
            return -1
        if (end := self._source.find(wanted, at)) < 0:
            self._missing.add(wanted)
        return end

    def within_paragraph(self, wanted: str, at: int) -> int:
        if at > self._bound:
            found = _BLANK_LINE.search(self._source, at)
            self._bound, self._paragraph_missing = found.start() if found else len(self._source), set[str]()
        if wanted in self._paragraph_missing:
            return -1
        if (end := self._source.find(wanted, at, self._bound)) < 0:
            self._paragraph_missing.add(wanted)
        return end

    def math_end(self, start: int, mark: str) -> int:
        """Behind the dollar that closes the formula, -1 where the paragraph ends before. One within braces (a text in the formula)
        closes nothing, unless nothing else does."""
        at = start + len(mark)
        if at >= self._loose:
            depth = 0
            for match in _MATH_END.finditer(self._source, at):
                piece = match[0]
                if piece == "{":
                    depth += 1
                elif piece == "}":
                    depth -= 1
                elif piece[0] == "$" and depth == 0 and (piece == mark or mark == "$"):
                    return match.start() + len(mark)
                if depth < 0 or (piece[0] == "\n" and mark == "$"):
                    self._loose = match.start()
                    break
            else:
                self._loose = len(self._source)
        for match in _MATH_END.finditer(self._source, at, max(self._loose, at)):
            if match[0][0] == "$":
                return match.start() + min(len(mark), len(match[0]))
        return -1

    def verb(self, at: int) -> tuple[str, int] | None:
        """The code of \\verb|...|, and where it ends."""
        start = _VERB.match(self._source, at)
        at = start.end() if start else at
        mark = self._source[at : at + 1]
        if not mark or mark.isspace() or mark.isalnum():
            return None
        end = self._source.find("}" if mark == "{" else mark, at + 1, at + 1000)
        return None if end < 0 or "\n" in self._source[at:end] else (self._source[at + 1 : end], end + 1)


def walk(nodes: Sequence[Node]) -> Iterator[Node]:
    """All nodes below, in order."""
    for node in nodes:
        yield node
        if node.children and node.kind != "code":
            yield from walk(node.children)


def optional(nodes: Sequence[Node], at: int) -> tuple[str | None, int]:
    """The argument in brackets at this place and where it ends; None and the place itself where there is none."""
    start = skip_blank(nodes, at)
    if start < len(nodes) and nodes[start] == Node("mark", "["):
        for end in range(start + 1, min(len(nodes), start + MAX_OPTIONAL)):
            if nodes[end] == Node("mark", "]"):
                return plain(nodes[start + 1 : end]), end + 1
            if nodes[end].kind == "par":
                break
    return None, at


def skip_blank(nodes: Sequence[Node], at: int) -> int:
    """The next place that holds more than white space; at most one line further on."""
    while at < len(nodes) and nodes[at].kind == "text" and not nodes[at].value.strip():
        at += 1
    return at


def groups(nodes: Sequence[Node], at: int, most: int, apart: bool = False) -> tuple[list[list[Node]], int]:
    """Up to so many arguments in braces behind one another, blanks and line ends between them (`apart`: blank lines too), and where
    they end."""
    found: list[list[Node]] = []
    while len(found) < most:
        place = skip_blank(nodes, at)
        while apart and place < len(nodes) and nodes[place].kind == "par":
            place = skip_blank(nodes, place + 1)
        if place >= len(nodes) or nodes[place].kind != "group":
            break
        found.append(nodes[place].children)
        at = place + 1
    return found, at


_QUOTES = (("``", "“"), ("''", "”"), ("---", "—"), ("--", "–"))
_AROUND_LINE = re.compile(r"[ \t]*+\n[ \t]*+")
_SPACES = re.compile(r"[ \t]{2,}")


def plain(nodes: Sequence[Node]) -> str:
    """Text as people see it: one line a paragraph; mathematics and unknown macros as they are written, pictures as [image].

    >>> plain(parse(r"Na\\\"ive \\textbf{caf\\'e}: 5~\\% of $x^2$?"))
    'Naïve café: 5 % of $x^2$?'
    """
    pieces = list(_pieces(nodes))
    lines: list[str] = []
    text = ""
    for piece, verbatim in pieces:
        if verbatim:
            lines.append(text)
            lines.append("\0" + piece)
            text = ""
        else:
            text += piece
    lines.append(text)
    done = [line[1:] if line.startswith("\0") else _SPACES.sub(" ", _AROUND_LINE.sub("\n", line)) for line in lines]
    return "".join(done).strip("\n ").replace("\n\n\n", "\n\n")


def _pieces(nodes: Sequence[Node], depth: int = 0) -> Iterator[tuple[str, bool]]:
    """Pieces of text, and whether each stands as it is."""
    at = 0
    while at < len(nodes):
        node = nodes[at]
        at += 1
        if node.kind == "text":
            text = node.value.replace("\n", " ")
            for mark, sign in _QUOTES:
                text = text.replace(mark, sign)
            yield text, False
        elif node.kind == "math":
            yield node.value, True
        elif node.kind == "code":
            yield (node.value, True) if node.children else ("\n", False)
            if not node.children:
                yield node.value, True
                yield "\n", False
        elif node.kind == "par":
            yield "\n", False
        elif node.kind == "mark":
            yield " " if node.value == "~" else node.value, False
        elif node.kind == "group":
            yield from _pieces(node.children, depth)
        elif node.kind == "env":
            yield from _environment(node, depth)
        else:
            at = yield from _command(nodes, at, node.value)


def items_of(nodes: Sequence[Node], commands: Collection[str]) -> tuple[list[Node], list[tuple[str, list[Node]]]]:
    """What stands before the first of these commands, and each command with what stands behind it, up to the next."""
    places = [place for place, node in enumerate(nodes) if node.kind == "command" and node.value in commands]
    ends = [*places[1:], len(nodes)]
    found = [(nodes[place].value, list(nodes[place + 1 : end])) for place, end in zip(places, ends, strict=False)]
    return list(nodes[: places[0]] if places else nodes), found


def _list(node: Node, depth: int) -> Iterator[tuple[str, bool]]:
    """A list in a text, one line an item, numbered as the source says."""
    start = skip_blank(node.children, 0)
    label, at = optional(node.children, 0)
    label = None if start == at else label
    before, items = items_of(node.children[at:], ("item", "item*", "task", "task*"))
    if before and before[0].kind == "text" and _TASK_COLUMNS.match(before[0].value):
        before = before[1:]
    yield from _pieces(before, depth)
    for place, (_, nodes) in enumerate(items):
        own, at = optional(nodes, 0)
        yield "\n", False
        yield f"{_number(node.value, label or '', place, depth) if own is None else own} ", False
        yield from _pieces(nodes[at:], depth + 1)
    yield "\n", False


def _number(kind: str, label: str, place: int, depth: int) -> str:
    """
    >>> _number("enumerate", "(a)", 1, 0), _number("enumerate", r"label=\\Roman*.", 3, 0), _number("enumerate", "", 0, 1)
    ('(b)', 'IV.', '(a)')
    """
    if kind.startswith("itemize"):
        return "-"
    if "=" in label and "label" not in label:
        label = ""
    label = label.rpartition("label=")[2].partition(",")[0] or ("1." if kind != "tasks" and not depth else "(a)")
    found = _LABEL.search(label)
    if found is None:
        return "-"
    style = found[1] or {"1": "arabic", "a": "alph", "A": "Alph", "i": "roman", "I": "Roman"}[found[0]]
    letter = chr(97 + place % 26)
    roman = "".join((*"0", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")[place + 1 : place + 2]) or str(place + 1)
    number = {"arabic": str(place + 1), "alph": letter, "Alph": letter.upper(), "roman": roman, "Roman": roman.upper()}[style]
    return (label[: found.start()] + number + label[found.end() :]).replace("{", "").replace("}", "").strip()


def inside(node: Node) -> list[Node]:
    """What stands in an environment, without its arguments."""
    _, at = optional(node.children, 0)
    name = node.value.rstrip("*")
    if name in _ARGUMENTS:
        _, at = groups(node.children, at, 2 if node.value in _TWO_ARGUMENTS else 1)
        _, at = optional(node.children, at)
    return node.children[at:]


def _environment(node: Node, depth: int) -> Iterator[tuple[str, bool]]:
    if node.value in PICTURES:
        yield "[image]", False
        return
    if node.value.rstrip("*") in ("enumerate", "itemize", "tasks", "compactenum", "inparaenum"):
        yield from _list(node, depth)
        return
    yield "\n", False
    for piece, verbatim in _pieces(inside(node), depth):
        yield (piece.replace("&", " | ") if "tab" in node.value and not verbatim else piece), verbatim
    yield "\n", False


def _command(nodes: Sequence[Node], at: int, name: str) -> Iterator[tuple[str, bool]]:
    """The text of a command; returns where its arguments end."""
    if name in _SIGNS:
        if name == "\\":
            _, at = optional(nodes, at)
        elif name[-1:].isalpha():
            # {} behind a sign keeps it from the next word.
            at += at < len(nodes) and nodes[at].kind == "group" and not nodes[at].children
        yield _SIGNS[name], False
        return at
    if name in _ACCENTS:
        letter, at, rest = _accented(nodes, at)
        yield _accent(letter, _ACCENTS[name]) + rest, False
        return at
    if name in _PICTURE_COMMANDS:
        _, at = optional(nodes, at)
        _, at = groups(nodes, at, 1)
        yield "[image]", False
        return at
    if name in _GAPS:
        _, at = optional(nodes, at)
        _, at = groups(nodes, at, 2 if name == "rule" else 1)
        yield "____", False
        return at
    if name in _DROPPED:
        for _ in range(3):
            _, at = optional(nodes, at)
        _, at = groups(nodes, at, _DROPPED[name])
        return at
    if name in _SECOND:
        _, at = optional(nodes, at)
        found, at = groups(nodes, at, 2)
        yield from _pieces(found[-1] if found else [])
        return at
    if name in ("textsuperscript", "textsubscript"):
        found, at = groups(nodes, at, 1)
        inner = plain(found[0]) if found else ""
        yield f"{'^' if name == 'textsuperscript' else '_'}{{{inner}}}", False
        return at
    if name in _WRAPPERS:
        _, at = optional(nodes, at)
        found, end = groups(nodes, at, 1)
        if name == "underline" and found and not plain(found[0]).strip():
            yield "____", False
            return end
        if name == "enquote" and found:
            yield f"“{plain(found[0])}”", False
            return end
        return at
    # As it is written: what it does isn't known.
    yield f"\\{name}", False
    if name[-1:].isalpha():
        while at < len(nodes) and nodes[at].kind == "group":
            yield "{", False
            yield from _pieces(nodes[at].children)
            yield "}", False
            at += 1
        if at < len(nodes) and nodes[at].kind == "text":
            yield " ", False
    return at


def _accented(nodes: Sequence[Node], at: int) -> tuple[str, int, str]:
    """The letter under an accent, where the argument ends, and what of the text behind belongs to no letter."""
    place = skip_blank(nodes, at)
    if place >= len(nodes):
        return "", at, ""
    node = nodes[place]
    if node.kind == "group":
        return plain(node.children), place + 1, ""
    if node.kind == "command":
        pieces = _command(nodes, place + 1, node.value)
        text = ""
        while True:
            try:
                text += next(pieces)[0]
            except StopIteration as stop:
                return text, stop.value, ""
    if node.kind == "text":
        text = node.value.lstrip()
        return text[:1], place + 1, text[1:].replace("\n", " ")
    return "", at, ""


def _accent(letter: str, mark: str) -> str:
    base = {"ı": "i", "ȷ": "j"}.get(letter[:1], letter[:1])
    return unicodedata.normalize("NFC", base + mark) + letter[1:] if base else ""
