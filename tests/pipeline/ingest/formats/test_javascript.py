"""JavaScript and TypeScript."""

import pytest


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("const q = [{question: 'It\\'s?', a: `x\"`, b: \"z\\u00e9\", correct: 'b',},];", ("It's?", ['x"', "zé"], "zé")),
        ("// [{question: 'no'}]\n/* = [{question: 'no'}] */\nexport default [ { text: 'Which?', answers: [{text: 'p', isCorrect: false}, {text: 'q', isCorrect: true}] } ]", ("Which?", ["p", "q"], "q")),
        ("module.exports = { title: 'x', questions: [{question: 'Sum ' + 'of?', options: ['4', '5'], answer: '5'}] };", ("Sum of?", ["4", "5"], "5")),
        ("interface Q { question: string; options: string[] }\ntype R = { question: string; answer: number };\nexport const qs: Q[] = [{ question: 'T?', options: ['p', 'q'], answer: 'q' }] as const;", ("T?", ["p", "q"], "q")),
        ("export default { data() { return { questions: [{ question: 'V?', options: {a: 'p', b: 'q'}, answer: 'b' }] } } }", ("V?", ["p", "q"], "q")),
        ("(function () { const r = /[/'\"]/; if (a / b) { c(); } const m = [{ question: 'F?', answers: {a: 'p, q', b: 'r'}, correctAnswer: 'a' }]; })();", ("F?", ["p, q", "r"], "p, q")),
        ("const [s, set] = useState([{ question: 'S?', choices: ['p', 'q'], answer: 'p' }]); return <div className=\"x\">It's {s[0].question}</div>;", ("S?", ["p", "q"], "p")),
        ("const a = [{question: 'N?', options: [-1, 0x10, 2.5], answer: 2.5}]", ("N?", ["-1", "16", "2.5"], "2.5")),
    ],
)  # fmt: skip
def test_literals_are_read(parse, code, expected):
    assert parse(code, "quiz.ts" if "interface" in code else "quiz.js") == [expected]


def test_rows_of_cells_and_several_arrays(read):
    questions, rejected = read('var q = [["What is 10 + 4?", "12", "14", "16", "B"], ["What is 9 - 2?", "7", "8", "9", "A"]];', "q.js")
    assert ([q["answer_index"] for q in questions], rejected) == ([1, 0], [])
    one = "{ question: 'E%d?', options: ['a', 'b', 'c'], answer: %d }"
    code = f"export const easy = [{one % (1, 0)}, {one % (2, 2)}];\nexport const hard = [{one % (3, 1)}];"
    questions, _ = read(code, "q.js")
    assert [(q["locator"], q["answer_index"]) for q in questions] == [
        ("q.js#easy/item:1", 0),
        ("q.js#easy/item:2", 2),
        ("q.js#hard/item:1", 1),
    ]


@pytest.mark.parametrize("value", ["`of ${n}?`", "shuffle(x)", "name", "() => 1", "/x/", "<b>x</b>", "'a'.trim()", "[...other]"])
def test_a_computed_value_rejects_its_question_alone(read, value):
    code = (
        f"const q = [{{ question: 'A?', options: ['p', 'q'], answer: 'p' }}, {{ question: 'B?', options: ['p', {value}], answer: 'p' }}];"
    )
    questions, rejected = read(code, "q.jsx")
    assert ([q["stem"] for q in questions], [row["reason_codes"] for row in rejected]) == (["A?"], [["malformed_row"]])
    assert "computed" in rejected[0]["detail"]


def test_a_broken_element_and_a_cut_cost_themselves(read):
    row = "{ question: '%s?', options: ['p', 'q'], answer: 'p' }"
    for end in (f"{row % 'B'} {row % 'C'}];", "{ question: 'B?', options: ['p' 'q'], answer: }];", "{ question: 'B?', options: ['p'"):
        questions, rejected = read(f"const q = [{row % 'A'}, {end}", "q.js")
        assert ([q["stem"] for q in questions], [row["reason_codes"] for row in rejected]) == (["A?"], [["malformed_row"]])


@pytest.mark.parametrize(
    "code",
    [
        "let menu = [{ title: 'Home' }];".replace("title", "href"),
        "var q = [new Question('Which?', ['a', 'b'], 'a')];",
        "function f() { return a ? b : c; }",
        "const broken = [{ question: 'x', options: [",
        "=[" * 20_000,
    ],
)
def test_code_without_written_questions_is_refused(reasons, code):
    assert reasons(code, "app.js") == [["unreadable_file"]]
