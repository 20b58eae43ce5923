"""A refresh that takes what it knows gives the tables of one that knows nothing, whatever people did to the files."""

import json
import tempfile
from pathlib import Path

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.assess import assess
from pipeline.common.store.lake import content_hash
from pipeline.common.store.memory import Memory
from pipeline.deduplicate import deduplicate
from pipeline.deduplicate import remembered as remembered_module
from pipeline.ingest import ingest
from pipeline.normalize import normalize
from schemas.config import Config
from schemas.tables.arrow import to_table
from schemas.tables.curation import ClusterMember, Pair, Quality, Question, RawRecord, Rejected, SourceFile

COUNTRIES = {"France": "Paris", "Japan": "Tokyo", "Peru": "Lima", "Kenya": "Nairobi", "Cuba": "Havana", "Chad": "N'Djamena"}
CONFIG = Config(dataset="d", sources=[{"name": "a", "path": "a*"}, {"name": "b", "path": ["b*", "shared*"]}])


def row(country, said, key):
    options = sorted({COUNTRIES[country], "Quito", "Berne", "Dakar"})
    keys = {"letter": "ABCD"[options.index(COUNTRIES[country])], "index": options.index(COUNTRIES[country]), "wrong": "A", "none": ""}
    return {"question": said.format(country), "options": options, "answer": keys[key]}


ROW = st.builds(
    row,
    st.sampled_from(sorted(COUNTRIES)),
    st.sampled_from(["Which city is the capital of {}, as printed in the atlas?", "The capital of {} is:", "Thủ đô của {} là gì?", ""]),
    st.sampled_from(["letter", "letter", "index", "wrong", "none"]),
)
NAME = st.sampled_from(["a1.jsonl", "a2.jsonl", "b1.jsonl", "b2.json", "shared.txt", "a3.json"])
FILES = st.dictionaries(NAME, st.lists(ROW, max_size=6), max_size=5)
# What people do between two refreshes: (act, file, row or place, other file).
ACTS = st.lists(
    st.tuples(st.sampled_from(["add", "edit", "remove", "turn", "rename", "drop", "copy"]), NAME, ROW, st.integers(0, 5), NAME),
    min_size=1,
    max_size=4,
)


def changed(files, acts):
    files = {name: list(rows) for name, rows in files.items()}
    for act, name, new, place, other in acts:
        rows = files.get(name, [])
        if act == "add":
            files[name] = [*rows[:place], new, *rows[place:]]
        elif act == "edit" and place < len(rows):
            files[name] = [*rows[:place], {**rows[place], "question": new["question"]}, *rows[place + 1 :]]
        elif act == "remove":
            files[name] = [*rows[:place], *rows[place + 1 :]]
        elif act == "turn":
            files[name] = rows[::-1]
        elif act in ("rename", "copy") and name in files:
            files[other] = rows
            if act == "rename" and other != name:
                del files[name]
        elif act == "drop":
            files.pop(name, None)
    return files


def written(folder, files):
    for path in folder.iterdir():
        path.unlink()
    for name, rows in files.items():
        if name.endswith(".txt"):
            blocks = (f"#Q {r['question']}\n^ {r['options'][0]}\n" + "".join(f"{o}\n" for o in r["options"]) for r in rows)
            text = "\n".join(blocks)
        elif name.endswith(".jsonl"):
            text = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)
        else:
            text = json.dumps(rows, ensure_ascii=False)
        (folder / name).write_text(text, encoding="utf-8")
    # Every source has a file, so that listing them never fails.
    for name in ("a0.jsonl", "b0.jsonl"):
        (folder / name).write_text("")


def refresh(folder, known=None, memory=None):
    config = CONFIG.model_copy(update={"root": str(folder)})
    raw = ingest(config, None, known and known["raw"])
    normal = normalize(raw, config.sources, known and (known["raw"], known["normal"]))
    found = deduplicate(normal.questions, config.dedup, memory=memory)
    quality = assess(normal.questions, None, known and (known["normal"].questions, known["quality"]))
    return {"raw": raw, "normal": normal, "found": found, "quality": quality}


def hashes(tables):
    models = {RawRecord: tables["raw"], Quality: tables["quality"], ClusterMember: tables["found"].members, Pair: tables["found"].pairs}
    models |= dict(zip((Question, Rejected, SourceFile), tables["normal"], strict=True))
    return {model.table: content_hash(to_table(frame, model)) for model, frame in models.items()}, tables["found"].counts


@settings(max_examples=25)
@given(FILES, st.lists(ACTS, min_size=1, max_size=3))
def test_a_refresh_that_knows_gives_the_tables_of_one_that_does_not(files, refreshes):
    with tempfile.TemporaryDirectory() as place:
        folder, memory = Path(place, "raw"), Memory(Path(place, "memory"), "code")
        folder.mkdir()
        written(folder, files)
        known = refresh(folder, None, memory)
        for acts in refreshes:
            files = changed(files, acts)
            written(folder, files)
            known = refresh(folder, known, memory)
            assert hashes(known) == hashes(refresh(folder))


def test_only_what_is_new_is_worked_on(tmp_path, monkeypatch):
    folder, memory = tmp_path / "raw", Memory(tmp_path / "memory", "code")
    folder.mkdir()
    files = {"a1.jsonl": [row(country, "The capital of {} is:", "letter") for country in COUNTRIES]}
    files["b1.jsonl"] = [row(country, "Which city is the capital of {}, as printed in the atlas?", "letter") for country in COUNTRIES]
    written(folder, files)
    known = refresh(folder, None, memory)
    parsed, fingerprinted, judged, measured = [], [], [], []

    def watch(module, name, seen, what):
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *a, **k: (seen.append(what(*a)), real(*a, **k))[1])

    import pipeline.assess as assess_module
    import pipeline.deduplicate as deduplicate_module
    import pipeline.ingest as ingest_module
    import pipeline.normalize as normalize_module

    watch(ingest_module, "read_file", parsed, lambda path, reader: path.name)
    watch(normalize_module, "_normalize_file", parsed, lambda rows, *_: rows[0]["file"])
    watch(deduplicate_module, "fingerprints", fingerprinted, lambda table, *_: table.num_rows)
    watch(deduplicate_module, "_judge_all", judged, lambda chunk: len(chunk[1]))
    watch(assess_module, "_assess", measured, lambda table: table.num_rows)
    files["a2.jsonl"] = [row("Peru", "On which city's map stands the seat of government of {} today?", "letter")]
    written(folder, files)
    refresh(folder, known, memory)
    assert sorted(set(parsed)) == ["a0.jsonl", "a2.jsonl", "b0.jsonl"], "empty files hold no record to be known by"
    assert (fingerprinted, sum(measured)) == ([1], 1)
    assert sum(judged) <= 2


def test_in_a_file_that_grew_only_new_texts_are_looked_at(tmp_path, monkeypatch):
    import pipeline.normalize as normalize_module

    files = {"a1.jsonl": [row(country, "The capital of {} is:", "letter") for country in COUNTRIES]}
    written(tmp_path, files)
    known = refresh(tmp_path)
    looked_at = []
    for name in ("content_id", "option_faults"):
        real = getattr(normalize_module, name)
        monkeypatch.setattr(normalize_module, name, lambda *a, real=real: (looked_at.append(a), real(*a))[1])
    files["a1.jsonl"].insert(2, row("Peru", "On which city's map stands the seat of government of {} today?", "letter"))
    written(tmp_path, files)
    again = refresh(tmp_path, known)
    assert len(looked_at) == 2
    assert hashes(again) == hashes(refresh(tmp_path))


def test_a_text_that_stays_gets_another_key_where_its_file_counts_otherwise(tmp_path):
    def counted(key):
        return {"question": f"Which of them is number {key} of the list?", "options": ["Lima", "Oslo", "Rome"], "answer": key}

    def found(tables):
        return {question["stem"]: question for question in to_table(tables["normal"].questions, Question).to_pylist()}

    stays = counted(1)
    written(tmp_path, {"a1.jsonl": [stays, counted(3)]})
    known = refresh(tmp_path)
    written(tmp_path, {"a1.jsonl": [stays, counted(0)]})
    again = refresh(tmp_path, known)
    then, now = (found(tables)[stays["question"]] for tables in (known, again))
    assert (then["record_id"], then["answer_index"], now["answer_index"]) == (now["record_id"], 0, 1)
    assert then["content_id"] != now["content_id"]
    assert hashes(again) == hashes(refresh(tmp_path))


def test_nothing_that_is_damaged_is_taken(tmp_path):
    folder, memory = tmp_path / "raw", Memory(tmp_path / "memory", "code")
    folder.mkdir()
    written(folder, {"a1.jsonl": [row(country, "The capital of {} is:", "letter") for country in COUNTRIES]})
    known = refresh(folder, None, memory)
    for file in (tmp_path / "memory").iterdir():
        file.write_bytes(file.read_bytes()[:-9])
    assert hashes(refresh(folder, known, memory)) == hashes(refresh(folder))


def test_a_verdict_is_known_by_all_that_is_compared():
    columns = {"content_id": ["c"], "stem": ["s"], "context": [None], "options": [["a", "b"]], "answer_index": [0]}

    def key(**other):
        return remembered_module.node_keys(type("Nodes", (), {**columns, **other}))

    different = [{"stem": ["S"]}, {"context": ["x"]}, {"options": [["b", "a"]]}, {"answer_index": [1]}, {"content_id": ["d"]}]
    assert len({key()[0], *(key(**other)[0] for other in different)}) == 6
    assert pa.array(key()).type == pa.string()
