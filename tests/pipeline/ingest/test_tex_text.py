"""LaTeX as text."""

import pytest

from pipeline.ingest.tex import parse
from pipeline.ingest.tex_text import groups, inside, items_of, optional, plain, skip_blank


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"Na\"ive caf\'{e}, \v{s}, \c c, tr\`\i nh", "Naïve café, š, ç, trình"),
        (r"Vi\d{\^e}t Nam, \DJ{}i", "Việt Nam, Đi"),
        (r"``a'' -- b---c \ldots{} 5\,\% \& \$7 a\_b", "“a” – b—c … 5 % & $7 a_b"),
        (r"\textcolor{red}{x} {\bf y} \underline{z} \href{http://a}{here}", "x y z here"),
        (r"\unknown{a}{b} c", r"\unknown{a}{b} c"),
        (r"The \underline{\hspace{2cm}} is \rule{1cm}{.4pt}", "The ____ is ____"),
        (r"See \includegraphics[width=2cm]{x.png}.", "See [image]."),
        (r"\begin{tabular}{cc} a & b\\ \hline c & d\end{tabular}", "a | b\nc | d"),
        (r"Given: \begin{enumerate}[label=(\roman*)]\item wet \item dry\end{enumerate} Which?", "Given:\n(i) wet\n(ii) dry\nWhich?"),
        (r"\begin{itemize}\item one \item two\end{itemize}", "- one\n- two"),
        ("one\ntwo\n\nthree", "one two\nthree"),
        ("\\begin{verbatim}\nif x:\n    y  z\n\\end{verbatim}", "if x:\n    y  z"),
        (r"H\textsubscript{2}O, $x < 1$ and $a  b$", "H₂O, $x < 1$ and $a  b$"),
    ],
)
def test_text_as_people_see_it(source, text):
    assert plain(parse(source)) == text


def test_arguments():
    nodes = parse("[a] {b}\n {c} d")
    assert optional(nodes, 0) == ("a", 3)
    assert [plain(group) for group in groups(nodes, 3, 5)[0]] == ["b", "c"]
    assert optional(nodes, 3) == (None, 3)
    assert skip_blank(nodes, 3) == 4
    apart = parse("{a}\n\n{b}")
    assert [len(groups(apart, 0, 2, apart=way)[0]) for way in (False, True)] == [1, 2]


def test_items_and_what_stands_before_them():
    before, found = items_of(parse(r"x \item a \item* b"), ("item", "item*"))
    assert (plain(before), [(name, plain(nodes)) for name, nodes in found]) == ("x", [("item", "a"), ("item*", "b")])


def test_the_arguments_of_an_environment_are_no_text():
    assert plain(inside(parse(r"\begin{minipage}[t]{3cm}text\end{minipage}")[0])) == "text"
