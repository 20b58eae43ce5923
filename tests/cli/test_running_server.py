"""The note of a running audit server: written, found, and never believed when nobody answers."""

import json
import os

from cli.running_server import dataset_address, note_of, noted, record_address, running_server


def test_the_note_is_there_as_long_as_the_body_runs(tmp_path):
    with noted(tmp_path, "http://127.0.0.1:8001"):
        assert json.loads(note_of(tmp_path).read_text()) == {"url": "http://127.0.0.1:8001", "pid": os.getpid()}
    assert not note_of(tmp_path).exists()


def test_the_note_of_another_server_is_left_alone(tmp_path):
    with noted(tmp_path, "http://127.0.0.1:8001"):
        note_of(tmp_path).write_text(json.dumps({"url": "http://127.0.0.1:8002", "pid": 1}))
    assert note_of(tmp_path).exists()


def test_a_note_that_nobody_stands_behind_counts_as_none(tmp_path):
    note_of(tmp_path).parent.mkdir()
    alive, dead = os.getpid(), 2**22 + 5
    notes = [
        {"url": "http://127.0.0.1:9", "pid": dead},
        {"url": "http://127.0.0.1:9", "pid": alive},
        {"url": "http://evil.example", "pid": alive},
        {"url": "http://127.0.0.1:99999", "pid": alive},
        {"url": 3, "pid": "x"},
        {},
        [],
    ]
    for note in notes:
        note_of(tmp_path).write_text(json.dumps(note))
        assert running_server(tmp_path) is None, note
    note_of(tmp_path).write_text("{")
    assert running_server(tmp_path) is None
    assert record_address(tmp_path, "d", "a" * 16) is None
    assert dataset_address(tmp_path, "d") is None
