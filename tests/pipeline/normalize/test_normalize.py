"""From raw rows to questions: layouts, keys, repairs and reasons, on small files written as people write them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.common.text import undo_mojibake
from pipeline.ingest import ingest
from pipeline.normalize import content_id, normalize
from schemas.config import Config
from schemas.reasons import Reason


def one(read, content, name="file.json", **source):
    questions, rejected = read(content, name, **source)
    assert len(questions) == 1, [(row["reason_codes"], row["detail"]) for row in rejected]
    return questions[0]


def reasons(read, *rows, **source):
    return [row["reason_codes"] for row in read(list(rows), **source)[1]]


OPTIONS = ["Hà Nội", "Huế", "Đà Nẵng", "Cần Thơ"]
INSIDE = [
    "Câu 81: Thủ đô là\nA. Hà Nội\nB. Huế\nC. Đà Nẵng\nD. Cần Thơ",
    "Câu 81. Thủ đô là A. Hà Nội B. Huế C. Đà Nẵng D. Cần Thơ",
    "Thủ đô là\nA) Hà Nội\nB) Huế\nC) Đà Nẵng\nD) Cần Thơ",
    "Thủ đô là\nA. Hà Nội\tB. Huế\tC. Đà Nẵng\tD. Cần Thơ",
    "Thủ đô là\nA.Hà Nội\nB.Huế\nC.Đà Nẵng\nD.Cần Thơ",
    "Thủ đô là\nА. Hà Nội\nВ. Huế\nС. Đà Nẵng\nD. Cần Thơ",  # Cyrillic А, В, С
    "Question 3: Thủ đô là\r\nA. Hà Nội\r\nB. Huế\r\nC. Đà Nẵng\r\nD. Cần Thơ",
    "<p>Thủ đô là</p>A. Hà Nội<br>B. Huế<br>C. Đà Nẵng<br>D. Cần Thơ",
]


@pytest.mark.parametrize("text", INSIDE)
def test_options_inside_the_question_are_taken_out(read, text):
    question = one(read, [{"question": text, "answer": "C"}])
    assert question["stem"].removesuffix("</p>").removeprefix("<p>") in ("Thủ đô là",)
    assert question["options"] == OPTIONS
    assert question["answer_index"] == 2


def test_every_repair_is_named(read):
    question = one(read, [{"question": INSIDE[0], "answer": "C"}])
    assert "number_stripped" in question["repairs"]
    assert one(read, [{"question": "Thủ đô là", "options": OPTIONS, "answer": "C"}])["repairs"] == []


@pytest.mark.parametrize(
    ("key", "answer_format"),
    [
        ("B", "auto"),
        ("b", "auto"),
        ("(B)", "auto"),
        ("Đáp án: B", "auto"),
        ("B. Huế", "auto"),
        ("Huế", "text"),
        ("huế ", "text"),
        (1, "index0"),
        ("2", "index1"),
        (2.0, "index1"),
        (["B"], "auto"),
    ],
)
def test_a_key_may_be_a_letter_a_number_or_the_answers_text(read, key, answer_format):
    assert one(read, [{"question": "Cố đô là", "options": OPTIONS, "answer": key}], answer_format=answer_format)["answer_index"] == 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"question": "", "options": OPTIONS, "answer": "A"}, Reason.EMPTY_STEM),
        ({"question": "Câu 5:", "options": OPTIONS, "answer": "A"}, Reason.EMPTY_STEM),
        ({"question": "Thủ đô là", "options": OPTIONS[:1], "answer": "A"}, Reason.TOO_FEW_OPTIONS),
        ({"question": "Thủ đô là", "options": [str(i) for i in range(11)], "answer": "A"}, Reason.TOO_MANY_OPTIONS),
        ({"question": "Thủ đô là", "options": ["Huế", "", "Vinh"], "answer": "A"}, Reason.EMPTY_OPTION),
        ({"question": "Thủ đô là", "options": ["Huế", "Huế.", "Vinh"], "answer": "A"}, Reason.DUPLICATE_OPTIONS),
        ({"question": "Thủ đô là", "options": OPTIONS, "answer": None}, Reason.MISSING_ANSWER),
        ({"question": "Thủ đô là", "options": OPTIONS}, Reason.MISSING_ANSWER),
        ({"question": "Thủ đô là", "options": OPTIONS, "answer": "E"}, Reason.ANSWER_NOT_IN_OPTIONS),
        ({"question": "Thủ đô là", "options": OPTIONS, "answer": "A, C"}, Reason.MULTIPLE_ANSWERS),
        ({"question": "Thủ đô là", "options": OPTIONS, "answer": ["A", "C"]}, Reason.MULTIPLE_ANSWERS),
        ({"question": "Hình bên vẽ gì?", "options": OPTIONS, "answer": "A"}, Reason.IMAGE_REQUIRED),
        ({"question": "Cái gì đây?", "options": OPTIONS, "answer": "A", "image": "hinh1.png"}, Reason.IMAGE_REQUIRED),
        ({"question": "Hãy kể lại một kỉ niệm của em.", "answer": ""}, Reason.NOT_MULTIPLE_CHOICE),
        ({"question": "x" * 300_000, "options": OPTIONS, "answer": "A"}, Reason.TOO_LARGE),
        ({"name": "An", "class": "9A"}, Reason.UNKNOWN_LAYOUT),
        (
            {"question": "Câu 1: Một?\nA. a\nB. b\nC. c\nD. d\nCâu 2: Hai?\nA. e\nB. f\nC. g\nD. h", "answer": "A"},
            Reason.MULTIPLE_QUESTIONS,
        ),
    ],
)
def test_each_fault_is_rejected_with_its_reason(read, row, reason):
    assert reasons(read, row) == [[reason]]


def test_a_printed_atlas_is_no_picture(read):
    text = "Căn cứ vào Atlat Địa lí Việt Nam trang 10, cho biết thủ đô nước ta là"
    assert one(read, [{"question": text, "options": OPTIONS, "answer": "A"}])["answer_index"] == 0


def test_a_missing_key_is_recovered_from_the_explanation(read):
    row = {"question": "Thủ đô là", "options": OPTIONS, "answer": "", "explanation": "Nước ta có một thủ đô. Chọn đáp án B"}
    question = one(read, [row])
    assert question["answer_index"] == 1
    assert "key_from_explanation" in question["repairs"]


def test_whether_numbers_count_from_zero_is_decided_over_the_whole_file(read):
    def rows(keys):
        return [{"question": f"Thủ đô số {key} {n} là", "options": OPTIONS, "answer": key} for n, key in enumerate(keys)]

    assert [q["answer_index"] for q in read(rows([0, 1, 3]))[0]] == [0, 1, 3]
    assert [q["answer_index"] for q in read(rows([1, 2, 4]))[0]] == [0, 1, 3]
    assert read(rows([1, 2, 3]))[0] == []
    assert [row["reason_codes"] for row in read(rows([1, 2, 3]))[1]] == [[Reason.AMBIGUOUS_ANSWER_BASE]] * 3


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("Câu hỏi;Phương án A;Phương án B;Đáp án\nThủ đô là;Hà Nội;Huế;A\n", "a.csv"),
        ("question,option_a,option_b,answer\nThủ đô là,Hà Nội,Huế,A\n", "b.csv"),
        ('question\toptions\tanswer\nThủ đô là\t"[""Hà Nội"", ""Huế""]"\t0\n', "c.tsv"),
        ("question,options,answer\nThủ đô là,\"['Hà Nội', 'Huế']\",A\n", "d.csv"),
        (
            '{"question": {"stem": "Thủ đô là", "choices": [{"text": "Hà Nội", "label": "A"}, {"text": "Huế", "label": "B"}]}, "answerKey": "A"}\n',
            "e.jsonl",
        ),
        ('{"question": "Thủ đô là", "choices": {"text": ["Hà Nội", "Huế"], "label": ["A", "B"]}, "answerKey": "A"}\n', "f.jsonl"),
        ('[{"question": "Thủ đô là", "options": {"A": "Hà Nội", "B": "Huế"}, "answer": "A"}]', "g.json"),
        ("#Q Thủ đô là\n^ Hà Nội\nA Hà Nội\nB Huế\n", "h.txt"),
        ('[{"question": "Thủ đô là", "options": ["A. Hà Nội", "B. Huế"], "answer": "A"}]', "i.json"),
    ],
)
def test_common_layouts_need_no_mapping(read, content, name):
    question = one(read, content, name)
    assert (question["stem"], question["options"], question["answer_index"]) == ("Thủ đô là", ["Hà Nội", "Huế"], 0)


BENCHMARKS = {
    "arc.jsonl": [
        {
            "question": {"stem": "Where is it?", "choices": [{"text": "here", "label": "1"}, {"text": "there", "label": "2"}]},
            "answerKey": "2",
        }
    ],
    "sciq.jsonl": [
        {
            "question": "Where is it?",
            "distractor3": "up",
            "distractor1": "here",
            "distractor2": "down",
            "correct_answer": "there",
            "support": "",
        }
    ],
    "opentdb.json": [{"question": "Where is it?", "correct_answer": "there", "incorrect_answers": ["here", "up", "down"]}],
    "race.json": {"article": "A story.", "questions": ["Where is it?"], "options": [["here", "there"]], "answers": ["B"], "id": "1"},
    "agieval.jsonl": [
        {"passage": "A story.", "question": "Where is it?", "options": ["(A)here", "(B)there"], "label": "B", "answer": None}
    ],
    "medmcqa.jsonl": [
        {"question": "Where is it?", "opa": "here", "opb": "there", "cop": 1},
        {"question": "Where am I?", "opa": "x", "opb": "y", "cop": 0},
    ],
    "hellaswag.jsonl": [
        {"ctx": "Where is it?", "endings": ["here", "there"], "label": "1"},
        {"ctx": "Where am I?", "endings": ["x", "y"], "label": "0"},
    ],
    "truthfulqa.jsonl": [{"question": "Where is it?", "mc1_targets": {"choices": ["here", "there"], "labels": [0, 1]}}],
    "quiz.json": [{"question": "Where is it?", "answers": [{"text": "here", "correct": False}, {"text": "there", "correct": True}]}],
}


@pytest.mark.parametrize("name", BENCHMARKS)
def test_layouts_of_known_benchmarks_need_no_mapping(read, name):
    data = BENCHMARKS[name]
    lines = "".join(json.dumps(row) + "\n" for row in data) if name.endswith("l") else json.dumps(data)
    questions, rejected = read(lines, name)
    assert rejected == []
    question = next(row for row in questions if row["stem"] == "Where is it?")
    assert question["options"][question["answer_index"]] == "there"
    assert len(question["options"]) == len(set(question["options"])) >= 2


def test_mmlu_csv_without_a_header_is_read(read):
    questions, _ = read("What is 2+2?,3,4,5,6,B\nWhat is 3+3?,6,7,8,9,A\n", "abstract_algebra_test.csv")
    assert [(row["stem"], row["answer_index"]) for row in questions] == [("What is 2+2?", 1), ("What is 3+3?", 0)]


def test_an_answer_put_among_its_distractors_is_not_always_in_one_place(read):
    rows = [
        {"question": f"Word {n}?", "correct_answer": f"r{n}", "distractor1": "a", "distractor2": "b", "distractor3": "c"} for n in range(40)
    ]
    places = [row["answer_index"] for row in read("".join(json.dumps(row) + "\n" for row in rows), "s.jsonl")[0]]
    assert set(places) == {0, 1, 2, 3}


def test_a_mapping_in_the_config_wins(read):
    row = {"question": "not this", "Nội dung": "Thủ đô là", "x": OPTIONS, "k": "B", "answer": "A"}
    question = one(read, [row], fields={"stem": "Nội dung", "options": "x", "answer": "k"})
    assert (question["stem"], question["answer_index"]) == ("Thủ đô là", 1)


def test_two_keys_of_a_row_have_to_agree(read):
    row = {"question": "Thủ đô là", "options": OPTIONS, "answer": "B"}
    assert one(read, [row | {"correct_answer": OPTIONS[1]}])["answer_index"] == 1
    _, (rejected,) = read([row | {"correct_answer": "A"}])
    assert rejected["reason_codes"] == ["multiple_answers"]
    assert "correct_answer" in rejected["detail"]


def test_an_odd_option_that_names_the_others_fixes_the_order(read):
    options = ["Mưa", "Nắng", "Cả A và B đều đúng"]
    assert one(read, [{"question": "Hôm nay trời thế nào", "options": options, "answer": "C"}])["fixed_order"]
    assert not one(read, [{"question": "Hôm nay trời thế nào", "options": options[:2], "answer": "A"}])["fixed_order"]


def test_letters_with_marks_survive_as_written(read):
    question = one(read, [{"question": "“Huế” – thành phố…", "options": ["Ａ１", "b"], "answer": "A"}])
    assert (question["stem"], question["options"][0]) == ("“Huế” – thành phố…", "Ａ１")


@given(st.permutations(range(4)), st.integers(0, 3), st.integers(0, 20))
def test_content_id_ignores_option_order_and_where_the_context_ends(order, right, cut):
    options = ["Mưa", "Nắng", "Gió", "Bão"]
    text = "Đọc đoạn văn. Trời hôm nay ra sao?".split()
    cut = min(cut, len(text))
    whole = content_id(None, " ".join(text), options, right)
    shuffled = [options[i] for i in order]
    assert content_id(" ".join(text[:cut]) or None, " ".join(text[cut:]), shuffled, shuffled.index(options[right])) == whole
    assert content_id(None, " ".join(text), options, (right + 1) % 4) != whole


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30), lambda inner: st.lists(inner, max_size=4), max_leaves=5
)


@given(
    st.lists(
        st.fixed_dictionaries({}, optional={"question": VALUES, "options": VALUES, "answer": VALUES, "A": VALUES, "B": VALUES}), max_size=4
    )
)
def test_no_row_whatever_it_holds_makes_normalize_fail(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("any")
    (folder / "f.json").write_text(json.dumps(rows), encoding="utf-8")
    config = Config.model_validate({"dataset": "d", "root": str(folder), "sources": [{"name": "s", "path": "f.json"}]})
    raw = ingest(config)
    result = normalize(raw, config.sources)
    assert len(result.questions) + len(result.rejected) == len(raw)
    assert all(len(codes) for codes in result.rejected["reason_codes"].tolist())


@pytest.mark.parametrize(
    ("text", "stem"),
    [
        ("Câu 12 Thủ đô là gì?", "Thủ đô là gì?"),
        ("Câu 12. thủ đô là gì?", "thủ đô là gì?"),
        ("Câu hỏi 5 nói về điều gì?", "Câu hỏi 5 nói về điều gì?"),
    ],
)
def test_a_number_that_its_sentence_needs_stays(read, text, stem):
    assert one(read, [{"question": text, "options": ["Huế", "Vinh"], "answer": "A"}])["stem"] == stem


def test_a_passage_that_questions_of_one_file_share_is_their_context(read):
    passage = " ".join(f"word{i}" for i in range(70))
    rows = [
        {"question": f"{passage}\n{asked}", "options": ["Ann", "Bob"], "answer": "A"} for asked in ("Who won the race?", "Who lost it?")
    ]
    questions, _ = read(rows)
    assert [(row["context"], row["stem"]) for row in questions] == [(passage, "Who won the race?"), (passage, "Who lost it?")]
    assert all("context_split" in row["repairs"] for row in questions)


def test_a_quotation_mark_that_lost_its_first_byte_is_mended(read):
    row = one(read, [{"question": "What is the judge\x80\x99s name?", "options": ["Ann", "Bob"], "answer": "A"}])
    assert (row["stem"], row["repairs"]) == ("What is the judge’s name?", ["mojibake_fixed"])


@pytest.mark.parametrize("encoding", ["latin-1", "sloppy-windows-1252"])
@pytest.mark.parametrize("text", ["có khó", "gió mùa", "ý kiến", "nghỉ ù ù", "für Señor", "È vero", "judge’s “name” – why…", "1 ½ m²"])
def test_a_few_letters_in_the_wrong_encoding_are_enough_to_see_it(text, encoding):
    assert undo_mojibake(text.encode().decode(encoding)) == text


@pytest.mark.parametrize("note", ["Answer: a town in the north", "The key: A small town."])
def test_an_article_in_the_explanation_is_no_key(read, note):
    assert reasons(read, {"question": "Thủ đô là", "options": OPTIONS, "answer": "", "explanation": note}) == [["missing_answer"]]


@pytest.mark.parametrize("note", ["Answer: A", "answer: a", "Answer: A because it is.", "Chọn A thì đúng"])
def test_a_letter_in_the_explanation_is_the_key(read, note):
    assert one(read, [{"question": "Thủ đô là", "options": OPTIONS, "answer": "", "explanation": note}])["answer_index"] == 0


@pytest.mark.parametrize("key", ["E", "(f)"])
def test_an_explanation_mends_no_key_that_names_no_option(read, key):
    rows = [{"question": "Thủ đô là", "options": OPTIONS, "answer": key, "explanation": "Chọn đáp án B"}]
    rows += [{"question": f"Số {n} là", "options": OPTIONS, "answer": "A"} for n in range(5)]
    _, rejected = read(rows)
    assert [row["reason_codes"] for row in rejected] == [["answer_not_in_options"]]
