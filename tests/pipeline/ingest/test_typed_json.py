"""Typed JSON of databases."""

import json

FIRESTORE = {
    "documents": [
        {
            "name": f"projects/p/databases/(default)/documents/q/{i}",
            "fields": {
                "text": {"stringValue": stem},
                "options": {"arrayValue": {"values": [{"stringValue": text} for text in options]}},
                "correctIndex": {"integerValue": key},
                "meta": {"mapValue": {"fields": {"done": {"booleanValue": True}}}},
                "note": {"nullValue": None},
            },
            "createTime": "2024-01-01T00:00:00Z",
        }
        for i, (stem, options, key) in enumerate([("Which is wet?", ["sand", "rain"], "1"), ("Which is dry?", ["sand", "rain"], "0")])
    ]
}
ASKED = [("Which is wet?", ["sand", "rain"], "rain"), ("Which is dry?", ["sand", "rain"], "sand")]


def test_documents_of_firestore(parse):
    assert parse(json.dumps(FIRESTORE), "a.json") == ASKED


def test_items_of_dynamodb(parse):
    rows = [
        {"Item": {"question": {"S": stem}, "options": {"L": [{"S": text} for text in options]}, "answer": {"S": key}}}
        for stem, options, key in ASKED
    ]
    assert parse(json.dumps({"Items": [row["Item"] for row in rows]}), "a.json") == ASKED
    assert parse(json.dumps(rows), "b.json") == ASKED


def test_mappings_with_one_name_each_are_not_typed(parse):
    rows = [{"question": "Which is wet?", "options": {"A": "sand", "B": "rain"}, "answer": "B"}]
    assert parse(json.dumps(rows), "a.json") == ASKED[:1]
