"""The tree of LaTeX sources."""

import pytest

from pipeline.ingest.tex import MAX_DEPTH, parse, walk
from schemas.errors import DataError


def shape(nodes):
    return [(node.kind, shape(node.children)) if node.children else (node.kind, node.value) for node in nodes]


def test_formulas_and_code_are_leaves():
    text = "$\\text{a $b$ c}$ \\(x\\) \\[y\\] \\begin{align*}z&=1\\\\\\end{align*}"
    assert [node.value for node in parse(text) if node.kind == "math"] == [
        "$\\text{a $b$ c}$",
        "\\(x\\)",
        "\\[y\\]",
        "\\begin{align*}z&=1\\\\\\end{align*}",
    ]
    code = parse("\\begin{lstlisting}[language=C]\nif (x) {\n    % no comment\n\\end{lstlisting}")
    assert [(node.kind, node.value) for node in code] == [("code", "if (x) {\n    % no comment")]


def test_a_dollar_that_nothing_closes_is_one():
    assert [node.value for node in parse("It costs $5.\n\nThen $x$.") if node.kind == "math"] == ["$x$"]


def test_comments_go_and_escaped_percents_stay():
    assert "".join(node.value for node in parse("a % b\n  c 5\\% d")) == "a c 5% d"


def test_what_is_never_closed_ends_with_what_holds_it():
    assert shape(parse("\\begin{a}{x\\end{a}y}z")) == [("env", [("group", [("text", "x")])]), ("text", "y"), ("text", "z")]


def test_nesting_has_a_limit():
    assert len(list(walk(parse("{" * (MAX_DEPTH - 1) + "}" * (MAX_DEPTH - 1))))) == MAX_DEPTH - 1
    with pytest.raises(DataError, match="deep"):
        parse("{" * MAX_DEPTH)
