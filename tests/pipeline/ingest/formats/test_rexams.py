"""R/exams exercises."""

import pytest

RMD = """```{r, echo = FALSE}
x <- 1
```

Question
========
Which **sea** is saltiest?

Answerlist
----------
* Baltic
* Dead Sea

    (a lake)
* North Sea

Solution
========
The lake.

Answerlist
----------
* False
* True
* False

Meta-information
================
exname: Seas
extype: schoice
exsolution: 010
"""
RNW = r"""<<echo=FALSE, results=hide>>=
x <- 1
@
\begin{question}
{\bf Which} is 50\%?
\begin{answerlist}
  \item $\frac12$
  \item two % no
\end{answerlist}
\end{question}
\begin{solution}Half. \begin{answerlist}\item True \item False\end{answerlist}\end{solution}
%% \exname{Half}
%% \extype{schoice}
%% \exsolution{10}
"""


def test_markdown(read):
    questions, rejected = read(RMD, "seas.Rmd")
    assert rejected == []
    assert [(q["stem"], q["options"], q["answer_index"], q["explanation"], q["original_id"]) for q in questions] == [
        ("Which sea is saltiest?", ["Baltic", "Dead Sea\n\n(a lake)", "North Sea"], 1, "The lake.", "Seas")
    ]


def test_latex_with_its_meta_information_in_comments(parse):
    assert parse(RNW, "half.Rnw") == [("Which is 50%?", [r"$\frac12$", "two"], r"$\frac12$")]


def test_several_exercises_in_one_file(parse):
    assert len(parse(RMD + "\n" + RMD.replace("saltiest", "coldest"), "seas.md")) == 2
    assert len(parse(RNW + "\n" + RNW.replace("Which", "What"), "half.Rnw")) == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (RMD.replace("Baltic", "`r x`"), "malformed_row"),
        (RMD.replace("010", "`r mchoice2string(s)`"), "malformed_row"),
        (RMD.replace("Which **sea**", "```{r}\nplot(x)\n```\nWhich **sea**"), "malformed_row"),
        (RNW.replace("50\\%", "\\Sexpr{x}"), "malformed_row"),
        (RMD.replace("010", "0100"), "answer_not_in_options"),
        (RMD.replace("010", "000"), "missing_answer"),
        (RMD.replace("schoice", "mchoice").replace("010", "110"), "multiple_answers"),
        (RMD.replace("schoice", "num").replace("010", "3"), "not_multiple_choice"),
        (RMD.replace("Which", "![](a.png) Which"), "image_required"),
    ],
)
def test_what_is_refused(reasons, text, reason):
    assert reasons(text, "x.Rnw" if "\\begin" in text else "x.Rmd") == [[reason]]


def test_an_analysis_is_no_exercise(reasons):
    assert reasons("---\ntitle: x\n---\n# Intro\n```{r}\nplot(1)\n```\n", "analysis.Rmd") == [["unreadable_file"]]
