"""LaTeX exams."""

import pytest

EXAM_CLASS = r"""\documentclass[answers]{exam}
\newcommand{\R}{\mathbb{R}}
\begin{document}
% \question commented \begin{choices}\choice out\end{choices}
\begin{questions}
\titledquestion{Rivers}[3] Which river is the ``longest'' in 50\% of
lists?% a remark
\begin{multicols}{2}\begin{choices}
  \choice Nile~River
  \CorrectChoice Caf\'e \& Co.
\end{choices}\end{multicols}
\begin{solution}Because \textbf{it} is.\end{solution}
\question A stone falls. \begin{parts}
\part How fast? \begin{oneparchoices}\choice $v$ \CorrectChoice $\frac{g}{2}t$\end{oneparchoices}
\part[2] Prove it.
\end{parts}
\question Which colour?
\begin{choices}\choice red \choice blue\end{choices}
\begin{solution} (B) \end{solution}
\end{questions}
\end{document}
"""


def test_the_exam_class(read):
    questions, rejected = read(EXAM_CLASS, "exam.tex")
    assert [(q["stem"], q["options"], q["options"][q["answer_index"]], q["context"]) for q in questions] == [
        ("Which river is the “longest” in 50% of lists?", ["Nile River", "Café & Co."], "Café & Co.", None),
        ("How fast?", ["$v$", r"$\frac{g}{2}t$"], r"$\frac{g}{2}t$", "A stone falls."),
        ("Which colour?", ["red", "blue"], "blue", None),
    ]
    assert questions[0]["explanation"] == "Because it is."
    assert [row["reason_codes"] for row in rejected] == [["not_multiple_choice"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\begin{ex}%[2D1]" "\n Số nào?\n \\choice\n % hàng\n {$1$}\n {\\True $2$}\n\n {$3$}\n {$4$}\n\\end{ex}", ("Số nào?", ["$1$", "$2$", "$3$", "$4$"], "$2$")),
        (r"\begin{ex} Hệ $\heva{&x=1\\&y=2}$? \haicot{\True{a}}{b}{c}{d}\loigiai{Vậy.}\end{ex}", (r"Hệ $\heva{&x=1\\&y=2}$?", ["a", "b", "c", "d"], "a")),
        (r"\begin{ex} Bao nhiêu? \choice[1]{một}{hai}{ba}{bốn} \loigiai{Nên chọn đáp án C.}\end{ex}", ("Bao nhiêu?", ["một", "hai", "ba", "bốn"], "ba")),
        (r"\element{g}{\begin{question}{id1} Where? \begin{choices}[o]\wrongchoice{here}\correctchoice{there}\end{choices}\end{question}}", ("Where?", ["here", "there"], "there")),
        (r"\begin{quiz}{Q}\begin{multi}[points=2]{P 1} Prime? \item 4 \item* 5 \item[fraction=50] 1\end{multi}\end{quiz}", ("Prime?", ["4", "5", "1"], "5")),
        (r"\begin{alterqcm}\AQquestion[br=2]{Even?}{{1},{4},{9}}\end{alterqcm}", ("Even?", ["1", "4", "9"], "4")),
        ("\\begin{questions}\\question Output?\n\\begin{verbatim}\nfor i in x: # 50%\n    print(i)\n\\end{verbatim}\n\\begin{choices}\\choice \\verb|a{| \\CorrectChoice \\texttt{a\\_b}\\end{choices}\\end{questions}", None),
        ("\\begin{questions}\\question Which?\\\\\nA. red\\\\\nB. blue\n\\begin{solution}B\\end{solution}\\end{questions}", ("Which?", ["red", "blue"], "blue")),
    ],
)  # fmt: skip
def test_other_packages_and_macros(parse, text, expected):
    found = parse(text, "exam.tex")
    if expected:
        assert found == [expected]
    else:
        assert found[0][1:] == (["a{", "a_b"], "a_b")
        assert "# 50%" in found[0][0]


def test_latex_is_told_from_its_commands_in_a_text_file(parse):
    assert parse("\\question Which?\n\\begin{choices}\n\\choice a\n\\CorrectChoice b\n\\end{choices}\n", "exam.txt") == [
        ("Which?", ["a", "b"], "b")
    ]


BY_HAND = r"""\documentclass{article}\begin{document}
\textbf{Câu 1.} Số nào chẵn?\\ A. 1 \quad B. 2 \quad C. 3

\textbf{Câu 2.} Tính $\dfrac{1}{2}$.\\ \textbf{A.} $0{,}5$ \quad \textbf{B.} $2$ \quad \textbf{C.} $3$

\begin{center}\textbf{ĐÁP ÁN}\end{center}
1.B 2.A
\end{document}"""


def test_an_exam_set_by_hand_is_read_as_other_exams_are(parse):
    assert parse(BY_HAND, "exam.tex") == [
        ("Số nào chẵn?", ["1", "2", "3"], "2"),
        (r"Tính $\dfrac{1}{2}$.", ["$0{,}5$", "$2$", "$3$"], "$0{,}5$"),
    ]
    lists = r"\begin{enumerate}\item Fruit? \begin{enumerate}\item leek \item \textbf{apple}\end{enumerate}\item Bird? \begin{enumerate}\item \textbf{owl} \item cod\end{enumerate}\end{enumerate}"
    assert parse(lists, "exam.tex") == [("Fruit?", ["leek", "apple"], "apple"), ("Bird?", ["owl", "cod"], "owl")]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (r"\begin{ex} Xét: \choiceTF{\True a}{b}{c}{d}\end{ex}", "not_multiple_choice"),
        (r"\begin{ex} Tính. \shortans{$7$}\end{ex}", "not_multiple_choice"),
        (r"\begin{bt} Giải. \loigiai{x}\end{bt}", "not_multiple_choice"),
        (r"\begin{ex} Hai? \choice{\True a}{\True b}{c}{d}\end{ex}", "multiple_answers"),
        (r"\begin{ex} Không? \choice{a}{b}{c}{d}\end{ex}", "missing_answer"),
        (
            r"\begin{ex}\immini{Đồ thị? \choice{\True a}{b}{c}{d}}{\begin{tikzpicture}\draw (0,0);\end{tikzpicture}}\end{ex}",
            "image_required",
        ),
        (r"\begin{ex} Hình \includegraphics[width=1cm]{a} là? \choice{\True a}{b}{c}{d}\end{ex}", "image_required"),
        (r"\begin{ex} Hai danh sách? \choice{\True a}{b}{c}{d} \choice{\True e}{f}{g}{h}\end{ex}", "multiple_questions"),
        (
            r"\begin{questionmult}{q} Which? \begin{choices}\correctchoice{a}\correctchoice{b}\end{choices}\end{questionmult}",
            "multiple_answers",
        ),
        (r"\begin{question}{q} 2+2? \AMCnumericChoices{4}{digits=1}\end{question}", "not_multiple_choice"),
        (r"\begin{multi}[multiple]{p} Which? \item[fraction=50] a \item[fraction=50] b \item c\end{multi}", "multiple_answers"),
        (r"\begin{numerical}{n} 1+1? \item 2\end{numerical}", "not_multiple_choice"),
    ],
)
def test_what_is_no_question_with_one_key(reasons, body, reason):
    assert [codes[0] for codes in reasons(body, "exam.tex")] == [reason]


def test_a_missing_key_says_what_was_looked_for(read):
    _, rejected = read(r"\begin{questions}\question Q? \begin{choices}\choice a \choice b\end{choices}\end{questions}", "exam.tex")
    assert r"\CorrectChoice" in rejected[0]["detail"]


def test_a_passage_over_the_questions_is_their_context(read):
    text = r"\begin{questions}\question One? \begin{choices}\CorrectChoice a \choice b\end{choices} \uplevel{Read the text: a dog barks.} \question Two? \begin{choices}\CorrectChoice a \choice b\end{choices} \uplevel{Section B} \question Three? \begin{choices}\CorrectChoice a \choice b\end{choices}\end{questions}"
    questions, _ = read(text, "exam.tex")
    assert [question["context"] for question in questions] == [None, "Read the text: a dog barks.", None]


@pytest.mark.parametrize(
    "text",
    [
        r"\documentclass{article}\begin{document}\section{Intro} We show $a<b$. \begin{enumerate}\item First. \item Second.\end{enumerate}\end{document}",
        "{" * 500,
    ],
)
def test_latex_without_questions_is_refused(reasons, text):
    assert reasons(text, "paper.tex") == [["unreadable_file"]]


def test_a_parenthesis_of_a_formula_marks_no_option(reasons):
    assert reasons(r"\begin{ex} Nào? \choice{\ensuremath{\left(1\right)}}{b}{c}{d}\end{ex}", "exam.tex") == [["missing_answer"]]
