"""Layouts that headers alone explain: published benchmarks and what schools write, as their files hold them."""

import pytest

Q = ("Where is it?", ["here", "there"], "there")
Q4 = ("Where is it?", ["here", "up", "there", "down"], "there")
FOUR = ["here", "up", "there", "down"]
LETTERED = {"A": "here", "B": "up", "C": "there", "D": "down"}

ROWS = {
    "arc": {"question": {"stem": Q[0], "choices": [{"text": "here", "label": "A"}, {"text": "there", "label": "B"}]}, "answerKey": "B"},
    "arc_numbered": {
        "question": {"stem": Q[0], "choices": [{"text": "here", "label": "1"}, {"text": "there", "label": "2"}]},
        "answerKey": "2",
    },
    "exams": {
        "id": "x",
        "question": {"stem": Q[0], "choices": [{"text": "here", "label": "A", "para": ""}, {"text": "there", "label": "B", "para": ""}]},
        "answerKey": "B",
        "info": {"grade": 12, "subject": "Biology", "language": "Vietnamese"},
    },
    "hf_choices": {"question": Q[0], "choices": {"text": ["here", "there"], "label": ["A", "B"]}, "answerKey": "B"},
    "commonsense_qa": {
        "id": "1",
        "question": Q[0],
        "question_concept": "place",
        "choices": {"label": ["A", "B"], "text": ["here", "there"]},
        "answerKey": "B",
    },
    "openbookqa": {
        "id": "7-980",
        "question_stem": Q[0],
        "choices": {"text": ["here", "there"], "label": ["A", "B"]},
        "answerKey": "B",
        "fact1": "f",
    },
    "qasc": {
        "question": Q[0],
        "choices": {"text": ["here", "there"], "label": ["A", "B"]},
        "answerKey": "B",
        "formatted_question": "Where is it? (A) here (B) there",
        "combinedfact": "x",
    },
    "agieval": {
        "passage": "",
        "question": Q[0],
        "options": ["(A)here", "(B)there"],
        "label": "B",
        "answer": None,
        "other": {"solution": "x"},
    },
    "logiqa": {"context": "It is somewhere.", "query": Q[0], "options": ["here", "there"], "correct_option": "b"},
    "medqa": {"question": Q[0], "answer": "there", "options": {"A": "here", "B": "there"}, "meta_info": "step1", "answer_idx": "B"},
    "medqa_null": {"question": Q[0], "answer": "there", "options": {"A": "here", "B": "there", "C": None}, "answer_idx": "B"},
    "vmlu": {"id": "01-0001", "question": Q[0], "choices": ["A. here", "B. there"], "answer": "B"},
    "form": {
        "Timestamp": "2024",
        "Question text": Q[0],
        "Option 1": "here",
        "Option 2": "there",
        "Correct option number": "2",
        "Points": "5",
    },
    "aqua": {"question": Q[0], "options": ["A)here", "B)there"], "rationale": "x", "correct": "B"},
    "mathqa": {"Problem": Q[0], "Rationale": "x", "options": "a ) here , b ) there", "correct": "b", "category": "general"},
    "m3exam": {
        "question_text": Q[0],
        "background_description": [],
        "answer_text": "2",
        "options": ["(1) here", "(2) there"],
        "language": "english",
    },
    "dream": {"dialogue": ["M: Where?", "W: There."], "question": Q[0], "choice": ["here", "there"], "answer": "there"},
    "cosmos": {"context": "c", "question": Q[0], "answer0": "here", "answer1": "there", "label": 1},
    "siqa": {"context": "c", "question": Q[0], "answerA": "here", "answerB": "there", "label": "2"},
    "winogrande": {"sentence": Q[0], "option1": "here", "option2": "there", "answer": "2"},
    "flags": {"question": Q[0], "answers": [{"text": "here", "correct": False}, {"text": "there", "correct": True}]},
    "is_correct": {"question": Q[0], "options": [{"text": "here", "is_correct": 0}, {"text": "there", "is_correct": 1}]},
    "camel": {
        "questionText": Q[0],
        "answerOptions": [{"answerText": "here", "isCorrect": False}, {"answerText": "there", "isCorrect": True}],
    },
    "small_labels": {"question": Q[0], "options": {"a": "here", "b": "there"}, "answer": "b"},
    "numbered_dict": {"question": Q[0], "options": {"1": "here", "2": "there"}, "answer": 2},
    "key_value": {"question": Q[0], "options": [{"key": "A", "value": "here"}, {"key": "B", "value": "there"}], "answer": "B"},
    "single_dicts": {"question": Q[0], "options": [{"A": "here"}, {"B": "there"}], "answer": "B"},
    "listed_key": {"question": Q[0], "options": ["here", "there"], "answer": ["B"]},
    "key_with_text": {"question": Q[0], "options": ["here", "there"], "answer": "B. there"},
    "small_key_with_text": {"question": Q[0], "options": ["here", "there"], "answer": "b) there"},
    "key_dict": {"question": Q[0], "options": ["here", "there"], "answer": {"label": "B", "text": "there"}},
    "key_names_the_column": {"question": Q[0], "option_a": "here", "option_b": "there", "answer": "option_b"},
    "key_option_b": {"question": Q[0], "optionA": "here", "optionB": "there", "correctAnswer": "optionB"},
    "key_text": {"question": Q[0], "options": ["here", "there"], "correctAnswer": "there"},
    "short_names": {"q": Q[0], "opts": ["here", "there"], "ans": "there"},
    "answers_and_correct": {"question": Q[0], "answers": ["here", "there"], "correct": "there"},
    "options_and_answers": {"question": Q[0], "options": ["here", "there"], "answers": ["B"]},
    "opa": {"question": Q[0], "opa": "here", "opb": "there", "cop": "b"},
    "json_in_cell": {"question": Q[0], "options": '["here", "there"]', "answer": "B"},
    "empty_answer_column": {"question": Q[0], "options": ["here", "there"], "answer": "", "correct_answer": "B"},
    "pairs": {"question": Q[0], "choices": [["A", "here"], ["B", "there"]], "answer": "B"},
    "truth_list": {"question": Q[0], "options": ["here", "there"], "correct": [False, True]},
    "one_hot": {"question": Q[0], "options": ["here", "there"], "labels": [0, 1]},
    "dashes": {"question": Q[0], "options": ["A - here", "B - there"], "answer": "B"},
    "numbered_key": {"question": Q[0], "options": ["here", "there"], "answer": "2. there"},
    "numbered_word": {"question": Q[0], "option1": "here", "option2": "there", "answer": "option2"},
    "question_number": {"Question #": 1, "Question Text": Q[0], "Answer 1": "here", "Answer 2": "there", "Correct Answer(s)": 2},
    "alpaca": {"instruction": "Pick one.", "input": "Where is it?\nA. here\nB. there", "output": "B"},
    "vietnamese": {"Câu hỏi": Q[0], "Phương án": ["here", "there"], "Đáp án đúng": "B"},
    "vietnamese_columns": {"Nội dung câu hỏi": Q[0], "Đáp án A": "here", "Đáp án B": "there", "Đáp án đúng": "B", "Lời giải": "x"},
    "vietnamese_numbers": {"Câu hỏi (bắt buộc)": Q[0], "Phương án 1": "here", "Phương án 2": "there", "Đáp án": 2},
}


@pytest.mark.parametrize("name", ROWS)
def test_one_row_of_each_layout_is_read(parse, name):
    assert parse([ROWS[name]], f"{name}.jsonl") == [Q]


@pytest.mark.parametrize("name", ROWS)
def test_the_same_rows_as_one_json_document(parse, name):
    assert parse([ROWS[name]], f"{name}.json") == [Q]


def test_what_else_a_row_holds_is_kept(read):
    (row,), _ = read([ROWS["exams"]])
    assert (row["original_id"], row["subject"]) == ("x", "Biology")
    (row,), _ = read([ROWS["logiqa"]])
    assert row["context"] == "It is somewhere."
    (row,), _ = read([ROWS["dream"]])
    assert row["context"] == "M: Where?\nW: There."
    (row,), _ = read([ROWS["vietnamese_columns"]])
    assert row["explanation"] == "x"


FILES = {
    "medmcqa": [
        {"question": Q[0], "opa": "here", "opb": "up", "opc": "there", "opd": "down", "cop": 2, "exp": "e"},
        {"question": "And?", "opa": "1x", "opb": "2x", "opc": "3x", "opd": "4x", "cop": 0},
    ],
    "hellaswag": [{"ctx": Q[0], "endings": FOUR, "label": "2"}, {"ctx": "And?", "endings": ["a1", "b1", "c1", "d1"], "label": "0"}],
    "piqa": [{"goal": Q[0], "sol1": "here", "sol2": "there", "label": 1}, {"goal": "And?", "sol1": "a1", "sol2": "b1", "label": 0}],
    "mmlu_hf": [
        {"question": Q[0], "subject": "s", "choices": FOUR, "answer": 2},
        {"question": "And?", "subject": "s", "choices": ["a1", "b1", "c1", "d1"], "answer": 0},
    ],
    "scienceqa": [
        {"question": Q[0], "choices": FOUR, "answer": 2, "hint": "", "image": None, "lecture": "l", "solution": "s"},
        {"question": "And?", "choices": ["a1", "b1"], "answer": 0, "hint": "h", "image": None},
    ],
    "quail": [
        {"context": "c", "question": Q[0], "answers": FOUR, "correct_answer_id": 2},
        {"context": "c", "question": "And?", "answers": ["a1", "b1"], "correct_answer_id": 0},
    ],
}


@pytest.mark.parametrize("name", FILES)
def test_numbers_that_count_from_zero(read, name):
    (first, second), rejected = read(FILES[name], f"{name}.jsonl")
    assert rejected == []
    assert first["options"][first["answer_index"]] == "there"
    assert second["answer_index"] == 0


MIXED = [
    {"question": "1. Which?", "options": ["red", "blue", "green"], "answer": "B"},
    {"question": "2. Which?", "options": ["one", "two", "three"], "answer": "two"},
    {"question": "3. Which?", "options": ["cat", "dog", "cow"], "answer": 2},
    {"question": "4. Which?", "options": ["up", "down", "left"], "answer": "3"},
    {"question": "5. Which?", "options": ["x1", "y1", "z1"], "answer": "b. y1"},
    {"question": "6. Which?", "options": ["x2", "y2", "z2"], "answer": ["b"]},
]


def test_rows_of_one_file_may_write_their_keys_in_different_ways(parse):
    assert [answer for _, _, answer in parse(MIXED)] == ["blue", "two", "dog", "left", "y1", "y2"]


def test_open_questions_are_not_multiple_choice(reasons):
    squad = {
        "data": [
            {
                "title": "t",
                "paragraphs": [
                    {"context": "Một đoạn.", "qas": [{"question": "Gì?", "id": "1", "answers": [{"text": "đoạn", "answer_start": 4}]}]}
                ],
            }
        ]
    }
    assert reasons(squad) == [["not_multiple_choice"]]
    flat = [{"id": "1", "context": "Một đoạn.", "question": "Gì?", "answers": {"text": ["đoạn"], "answer_start": [4]}}]
    assert reasons(flat, "viquad.jsonl") == [["not_multiple_choice"]]
    assert reasons([{"question": "Why?", "answer": "Because of the rain."}]) == [["not_multiple_choice"]]


def test_annotation_columns_are_never_data(read):
    row = {
        "question": "Where?",
        "choices": ["here", "there", "up", "down"],
        "answer": 0,
        "error_type": "ok",
        "source": "u",
        "correct_answer": "B",
        "potential_reason": "x",
        "annotator": "y",
    }
    (question,), _ = read([row])
    assert (question["answer_index"], question["explanation"], question["subject"]) == (0, None, None)


def test_an_unknown_layout_names_its_fields_and_a_block_to_paste(read):
    rows = [{"frage": "Was ist das?", "wahl": ["x", "y"], "loesung": "x"}, {"frage": "Und das?", "wahl": ["u", "v"], "loesung": "v"}]
    _, rejected = read(rows)
    assert {tuple(row["reason_codes"]) for row in rejected} == {("unknown_layout",)}
    assert "fields: {stem: frage, options: wahl, answer: loesung}" in rejected[0]["detail"]
    questions, rejected = read(rows, fields={"stem": "frage", "options": "wahl", "answer": "loesung"})
    assert len(questions) == 2


def test_known_questions_with_unknown_options_say_so(read):
    _, (row,) = read([{"question": "Was ist das?", "wahl": ["x", "y"], "answer": "x"}])
    assert row["reason_codes"] == ["unknown_layout"]
    assert "fields: {stem: question, options: wahl, answer: answer}" in row["detail"]


THREE = ["here", "up", "there"]
HEADERS = """
question Kahoot: Question - max 120 characters|Answer 1 - max 75 characters|Answer 2 - max 75 characters|Answer 3|Correct answer(s)
blooket: Question Text|Answer 1|Answer 2|Answer 3 (Optional)|Correct Answer(s) (Only include Answer #)
brackets: Question|(A) Option|(B) Option|(C) Option|Answer
titles: title_text|option1_text|option2_text|option3_text|correctAnswer_index
words: Question Title|Option One|Option Two|Option Three|Correct Option
ordinals: Question|1st option|2nd option|3rd option|Correct
title alone: Title|Choice 1|Choice 2|Choice 3|Correct
points: Câu dẫn|P.Án A|P.Án B|P.Án C|Đ.Án
contents: Nội dung|Nội dung đáp án A|Nội dung đáp án B|Nội dung đáp án C|Đáp án đúng nhất
answers: Câu hỏi|Câu trả lời 1|Câu trả lời 2|Câu trả lời 3|Câu trả lời đúng
german: Frage|Antwort A|Antwort B|Antwort C|Richtig
french: Question|Réponse A|Réponse B|Réponse C|Bonne réponse
spanish: Pregunta|Opción A|Opción B|Opción C|Respuesta correcta
portuguese: Pergunta|Alternativa A|Alternativa B|Alternativa C|Gabarito
italian: Domanda|Risposta A|Risposta B|Risposta C|Risposta corretta
indonesian: Soal|Pilihan A|Pilihan B|Pilihan C|Kunci Jawaban
""".strip().split("\n")


@pytest.mark.parametrize("names", [line.partition(": ")[2].split("|") for line in HEADERS], ids=lambda names: names[1])
def test_headers_of_quiz_sites_and_of_other_languages(parse, names):
    key = "C" if names[1].split()[0] == "(A)" or names[1][-1] in "Aa" else 2 if names[-1].endswith("index") else 3
    rows = [dict(zip(names, [Q[0], *THREE, key], strict=True))]
    # One more row shows how the numbers count.
    rows += [dict(zip(names, ["And?", "a1", "b1", "c1", 0], strict=True))] if names[-1].endswith("index") else []
    assert parse(rows, "a.jsonl")[0] == (Q[0], THREE, "there")


def test_what_stands_beside_an_option_is_none(parse):
    row = {"Question": Q[0], "Feedback option 1": "no", "Option 1": "here", "Feedback option 2": "yes", "Option 2": "there", "Correct": 2}
    assert parse([row]) == [Q]
    wrong = {"Question": Q[0], "Correct Answer": "there", "Incorrect Answer 1": "here", "Incorrect Answer 2 (Optional)": "up"}
    ((_, options, answer),) = parse([wrong])
    assert (sorted(options), answer) == (["here", "there", "up"], "there")


@pytest.mark.parametrize("key", ["B (there)", "B - there", "b. there", "Option B"])
def test_a_letter_with_its_text_is_a_key(parse, key):
    assert parse([{"question": Q[0], "A": "here", "B": "there", "answer": key}]) == [Q]


@pytest.mark.parametrize("key", ["B (here)", "A - there"])
def test_a_letter_with_another_text_is_none(reasons, key):
    assert reasons([{"question": Q[0], "A": "here", "B": "there", "answer": key}]) == [["answer_not_in_options"]]


def test_a_key_in_an_unknown_column_is_pointed_at(read):
    _, (row,) = read([{"question": "Which?", "options": ["x1", "y1"], "rigtigt": "y1"}])
    assert row["reason_codes"] == ["missing_answer"]
    assert "answer: rigtigt" in row["detail"]


def test_a_mapping_to_columns_that_are_not_there_says_so(read):
    _, (row,) = read([{"question": "Which?", "options": ["x1", "y1"], "answer": "A"}], fields={"stem": "Frage"})
    assert row["reason_codes"] == ["unknown_layout"]
    assert "Frage" in row["detail"]


def test_options_that_are_numbers(read):
    def index(rows, **source):
        questions, rejected = read([{"question": f"How many {n}?", "options": o, "answer": k} for n, (o, k) in enumerate(rows)], **source)
        return [row["options"][row["answer_index"]] for row in questions] or [row["reason_codes"][0] for row in rejected]

    tens = [["10", "20", "30", "40"], ["15", "25", "35", "45"]]
    assert index([(tens[0], 20), (tens[1], "45")]) == ["20", "45"]
    assert index([(tens[0], 0), (tens[1], 3)]) == ["10", "45"]
    assert index([(["1", "2", "3", "4"], 2)]) == ["ambiguous_answer_base"]
    assert index([(["1", "2", "3", "4"], 2)], answer_format="text") == ["2"]
    assert index([(["1", "2", "3", "4"], 4), (["2", "4", "6", "8"], 4)]) == ["ambiguous_answer_base"] * 2
    assert index([(["12", "7", "9", "4"], str(n)) for n in (12, 7, 9, 4, 12, 7, 9)]) == ["12", "7", "9", "4", "12", "7", "9"]


def test_ambiguous_numbers_name_the_setting_that_decides(read):
    _, (row,) = read([{"question": "Which?", "options": ["w", "x", "y", "z"], "answer": 2}])
    assert row["reason_codes"] == ["ambiguous_answer_base"]
    assert "answer_format: index0 or index1" in row["detail"]
    assert read([{"question": "Which?", "options": ["w", "x", "y", "z"], "answer": 2}], answer_format="index1")[0][0]["answer_index"] == 1
