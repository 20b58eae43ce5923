"""SWAG."""

ROWS = [
    {
        "sent1": "She opens the door.",
        "sent2": "She",
        "ending0": "flies.",
        "ending1": "goes in.",
        "ending2": "sings.",
        "ending3": "melts.",
        "label": 1,
    },
    {"sent1": "He sits.", "sent2": "He", "ending0": "reads.", "ending1": "flies.", "ending2": "barks.", "ending3": "melts.", "label": "0"},
]


def test_both_sentences_make_the_stem(parse):
    assert [(stem, answer) for stem, _, answer in parse(ROWS, "swag.jsonl")] == [
        ("She opens the door. She", "goes in."),
        ("He sits. He", "reads."),
    ]


def test_columns_numbered_from_zero_say_how_keys_count(parse):
    assert parse(ROWS[:1], "swag.jsonl")[0][2] == "goes in."


def test_the_number_of_a_video_is_no_picture_that_the_ending_needs(parse):
    rows = [
        "video-id,startphrase,sent1,sent2,ending0,ending1,label",
        "v7,A cook stirs. He,A cook stirs.,He,tastes it.,melts.,0",
        "v8,A ball rolls. It,A ball rolls.,It,reads.,stops.,1",
    ]
    assert [question[0] for question in parse("\n".join(rows), "a.csv")] == ["A cook stirs. He", "A ball rolls. It"]
