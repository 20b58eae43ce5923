"""Tables as text, as spreadsheets and scripts write them."""

import csv
import io

import pytest

Q = ("Thủ đô là", ["Hà Nội", "Huế"], "Huế")
FILES = {
    "semicolons.csv": "Câu hỏi;Phương án A;Phương án B;Đáp án\nThủ đô là;Hà Nội;Huế;B\n",
    "commas.csv": "question,option_a,option_b,answer\nThủ đô là,Hà Nội,Huế,B\n",
    "tabs.tsv": "question\tA\tB\tkey\nThủ đô là\tHà Nội\tHuế\tB\n",
    "tabs.txt": "question\tA\tB\tkey\nThủ đô là\tHà Nội\tHuế\tB\n",
    "bars.csv": "question|A|B|key\nThủ đô là|Hà Nội|Huế|B\n",
    "crlf.csv": "question,A,B,key\r\nThủ đô là,Hà Nội,Huế,B\r\n",
    "json_list.csv": 'question,options,answer\nThủ đô là,"[""Hà Nội"", ""Huế""]",B\n',
    "python_list.csv": "question,options,answer\nThủ đô là,\"['Hà Nội', 'Huế']\",B\n",
    "numpy_list.csv": "question,options,answer\nThủ đô là,\"['Hà Nội' 'Huế']\",B\n",
    "numpy_lines.csv": "question,options,answer\nThủ đô là,\"['Hà Nội'\n 'Huế']\",B\n",
    "pandas_dict.csv": "question,choices,answerKey\nThủ đô là,\"{'text': array(['Hà Nội', 'Huế'], dtype=object), 'label': array(['A', 'B'], dtype=object)}\",B\n",
    "python_dict.csv": "question,choices,answerKey\nThủ đô là,\"{'text': ['Hà Nội', 'Huế'], 'label': ['1', '2']}\",2\n",
    "json_dict.csv": 'question,options,answer\nThủ đô là,"{""A"": ""Hà Nội"", ""B"": ""Huế""}",B\n',
    "dict_list.csv": "question,choices,answer\nThủ đô là,\"[{'text': 'Hà Nội', 'label': 'A'}, {'text': 'Huế', 'label': 'B'}]\",B\n",
    "lines_in_cell.csv": 'question,options,answer\nThủ đô là,"A. Hà Nội\nB. Huế",B\n',
    "bars_in_cell.csv": "question,options,answer\nThủ đô là,Hà Nội|Huế,B\n",
    "list_key.csv": "question,A,B,answer\nThủ đô là,Hà Nội,Huế,\"['B']\"\n",
    "title.csv": "ĐỀ THI HỌC KỲ,,,,\n,,,,\nSTT,Câu hỏi,A,B,Đáp án\n1,Thủ đô là,Hà Nội,Huế,B\n",
    "index_column.csv": ",Question,A,B,Answer,Subject\n0,Thủ đô là,Hà Nội,Huế,B,geo\n",
    "kahoot.csv": (
        'Question - max 120 characters,Answer 1 - max 75 characters,Answer 2 - max 75 characters,"Time limit (sec) – 5, 10",Correct answer(s) - choose at least one\n'
        "Thủ đô là,Hà Nội,Huế,20,2\n"
    ),
    "quizizz.csv": (
        "Question Text,Question Type,Option 1,Option 2,Option 3,Correct Answer,Time in seconds,Image Link,Answer explanation\n"
        "Thủ đô là,Multiple Choice,Hà Nội,Huế,,2,30,,\n"
    ),
    "empty_key_column.csv": "question,A,B,answer,label\nThủ đô là,Hà Nội,Huế,,B\n",
    "quotes.csv": '"question","A","B","answer"\n"Thủ đô là","Hà Nội","Huế","B"\n',
    "spaces_in_header.csv": " Question , A , B , Answer \nThủ đô là,Hà Nội,Huế,B\n",
    "five_columns.csv": "question,A,B,C,D,E,answer\nThủ đô là,Hà Nội,Huế,,,,B\n",
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tables_are_read_without_a_mapping(parse, name, encoding):
    assert parse(FILES[name].encode(encoding), name) == [Q]


MMLU = [
    ["What is 2+2?", "3", "4", "5", "6", "B"],
    ['He said, "go":\nwhat next?', "up, or down", 'to "x"', "c1", "d1", "A"],
    ["Pick one", "a1", "b1", "c1", "d1", "D"],
]
MMLU_READ = [
    ("What is 2+2?", ["3", "4", "5", "6"], "4"),
    ('He said, "go":\nwhat next?', ["up, or down", 'to "x"', "c1", "d1"], "up, or down"),
    ("Pick one", ["a1", "b1", "c1", "d1"], "d1"),
]


def written(rows, delimiter=","):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize(("name", "delimiter"), [("a_test.csv", ","), ("a_test.tsv", "\t"), ("a_test.csv", ";")])
def test_mmlu_without_a_header(parse, name, delimiter):
    assert parse(written(MMLU, delimiter), name) == MMLU_READ


def test_without_a_header_the_key_may_stand_elsewhere_and_rows_be_numbered(parse):
    assert parse(written([[str(n), *row] for n, row in enumerate(MMLU, 1)]), "numbered.csv") == MMLU_READ
    assert parse(written([[row[-1], *row[:-1]] for row in MMLU]), "first.csv") == MMLU_READ


def test_one_missing_key_does_not_make_a_header(read):
    rows = [*MMLU * 8, ["Last?", "a1", "b1", "c1", "d1", ""]]
    questions, rejected = read(written(rows), "m.csv")
    assert len(questions) == 24
    assert [row["reason_codes"] for row in rejected] == [["missing_answer"]]


HEADER = "question,A,B,answer\n"


def test_a_row_with_too_many_cells_is_broken_alone(read):
    questions, rejected = read(HEADER + "x1?,a,b,A\nx2?,a,b,A,extra\nx3?,a,b,B\n", "a.csv")
    assert len(questions) == 2
    assert [row["reason_codes"] for row in rejected] == [["malformed_row"]]


def test_a_quote_that_is_never_closed_costs_its_row_alone(read):
    body = "".join(f"x{n}?,a,b,A\n" for n in range(50))
    questions, (row,) = read(HEADER + body + '"open ?,a,b,A\n' + body.replace("x", "y"), "a.csv")
    assert len(questions) == 100
    assert row["reason_codes"] == ["malformed_row"]
    assert (row["locator"], "never closed" in row["detail"]) == ("a.csv#line:52", True)


def test_many_open_quotes_end_in_bounded_work(read):
    questions, rejected = read(HEADER + "x?,a,b,A\n" + '"open,a,b,A\nx"y"z"\n' * 2000, "a.csv")
    assert len(questions) >= 1
    assert len(rejected) <= 4001


@pytest.mark.parametrize("content", ["", "\n\n", HEADER, "\ufeff", HEADER.encode("utf-16")])
def test_an_empty_table_or_a_header_alone_holds_nothing(read, content):
    assert read(content, "a.csv") == ([], [])


def test_marks_that_no_table_holds(read):
    _, rejected = read("name,class\nAn,9A\n", "a.csv")
    assert [row["reason_codes"] for row in rejected] == [["unknown_layout"]]
    assert "name, class" in rejected[0]["detail"] or "class, name" in rejected[0]["detail"]


def test_the_line_that_names_the_separator_is_no_row(parse):
    assert parse("sep=;\nquestion;A;B;answer\nx1, 2?;1,5;2,5;B\n", "a.csv") == [("x1, 2?", ["1,5", "2,5"], "2,5")]


def test_the_lines_that_anki_writes_name_separator_and_columns(read):
    rows = "Which?\tu\tv\tB\nWho?\tx\ty\tA\n"
    questions, rejected = read("#separator:tab\n#html:false\n#columns:Question\tA\tB\tAnswer\n" + rows, "a.csv")
    assert ([row["answer_index"] for row in questions], rejected) == ([1, 0], [])
    _, rejected = read("#separator:tab\n#html:true\n" + rows.replace("B\n", "1 0\n").replace("A\n", "0 1\n"), "b.csv")
    assert [row["reason_codes"] for row in rejected] == [["unknown_layout"]] * 2
    assert "column_1" in rejected[0]["detail"]
