"""Hash splits under refresh, from questions to splits: a question moves only when its split group does, and every move is listed."""

from itertools import combinations

from hypothesis import event, given, settings
from hypothesis import strategies as st

from pipeline.assess import assess
from pipeline.audit.diff import moves
from pipeline.deduplicate import deduplicate
from pipeline.normalize import content_id
from pipeline.select import select
from pipeline.split import hash_fraction, split
from schemas.config import Config
from schemas.tables.arrow import to_frame, to_rows
from schemas.tables.curation import ClusterMember, Question, Selection, SplitRow

# Even shares: more moves to look at than with 80% in train.
THIRDS = {"train": 0.4, "validation": 0.3, "test": 0.3}
CONFIG = Config.model_validate({"dataset": "d", "sources": [{"name": "s", "path": "*"}], "split": THIRDS})
PASSAGE = (
    "The ferry {0} leaves the harbour of {0} every morning, crosses the bay in forty minutes and carries bread, letters and the "
    "schoolteacher, who reads aloud to whoever sits beside the stove; nobody in {0} remembers a winter in which it failed to sail. In "
    "summer the captain of {0} paints the railings green, counts gulls for a museum in the capital and refuses payment from widows, "
    "musicians and beekeepers, a custom that the council of {0} has tried to abolish eleven times without finding a second vote."
)
TOWNS = ["Arden", "Belmor"]
NAMES = [f"{a}{b}" for a in ("Kal", "Mor", "Tir", "Vel", "Zan") for b in ("dor", "mir", "nok", "sul")]


@st.composite
def raw(draw):
    """(what, name, key): a passage's question, a fact, a fact reworded, with other distractors, with another key, or an exact copy."""
    return (
        draw(st.sampled_from(["fact", "copy", "variant", "variant", "other_key", "passage", "passage"])),
        draw(st.sampled_from(NAMES)),
        draw(st.integers(0, 1)),
    )


def question(number, what, name, key):
    town = TOWNS[key]
    options = [f"near the old mill of {name}", "under the stone bridge", "behind the town library", "inside the railway depot"]
    stem = f"Where does the archive of {name} keep its copper weather instruments over the winter"
    context = None
    right = 0
    if what == "fact":
        stem += "?" + " " * (key % 2)
    elif what == "variant":
        stem, options = f"{stem} months?", [options[0], "on the castle roof", "in the harbour office", "below the town hall"]
    elif what == "other_key":
        stem, right = f"{stem}?", 1
    elif what == "passage":
        context, stem = PASSAGE.format(town), f"What would {name} most likely say of the ferry?"
    else:
        stem += "?"
    row = {"record_id": f"r{number:03}", "source": "s", "role": "train", "file": "f", "locator": f"f#line:{number}", "stem": stem.strip()}
    row |= {"context": context, "options": options, "answer_index": right, "explanation": None, "subject": None, "language": "en"}
    row |= {"original_id": None, "repairs": [], "fixed_order": False}
    return row | {"content_id": content_id(context, row["stem"], options, right)}


def curated(questions):
    """Rows of the ledger's kind for every question, and the content_ids of each split group."""
    frame = to_frame(questions, Question)
    members, pairs, _ = deduplicate(frame, CONFIG.dedup)
    selection = select(frame, members, pairs, assess(frame), CONFIG.dedup.drop_variants, CONFIG.quality.min_score)
    placed = {row["record_id"]: row["split"] for row in to_rows(split(selection, CONFIG.split), SplitRow)}
    verdicts = {row["record_id"]: row for row in to_rows(selection, Selection)}
    groups = {}
    for member in to_rows(members, ClusterMember):
        groups.setdefault(member["split_group"], set()).add(member["content_id"])
    rows = [{**row, **verdicts[row["record_id"]], "split": placed.get(row["record_id"])} for row in questions]
    return rows, groups


@settings(max_examples=120)
@given(st.lists(raw(), min_size=5, max_size=30), st.data())
def test_only_questions_whose_split_group_changed_move_and_every_move_is_listed(pool, data):
    before = [question(number, *row) for number, row in enumerate(pool)]
    removed = data.draw(st.sets(st.sampled_from(range(len(pool)))), label="removed")
    edited = data.draw(st.dictionaries(st.sampled_from(range(len(pool))), raw()), label="edited")
    added = data.draw(st.lists(raw(), max_size=10), label="added")
    after = [question(n, *edited[n]) if n in edited else row for n, row in enumerate(before) if n not in removed]
    after += [question(len(pool) + n, *row) for n, row in enumerate(added)]
    old, old_groups = curated(before)
    new, new_groups = curated(after) if after else ([], {})

    was = {row["content_id"]: row for row in old if row["split"]}
    now = {row["content_id"]: row for row in new if row["split"]}
    moved = {content for content in was.keys() & now.keys() if was[content]["split"] != now[content]["split"]}
    event(f"moves: {min(len(moved), 3)}")
    listed = moves(old, new, CONFIG.split.model_dump(), CONFIG.split.model_dump())
    assert sorted(change.record_id for change in listed) == sorted(now[content]["record_id"] for content in moved)
    for change in listed:
        row = next(row for row in now.values() if row["record_id"] == change.record_id)
        group, left = row["split_group"], was[row["content_id"]]["split_group"]
        assert group == min(new_groups[group])
        assert left == min(old_groups[left])
        if group < left:
            assert group not in old_groups[left], "a smaller question joined"
            assert f"joined by {group}" in change.why
        else:
            assert left not in new_groups[group], "the smallest question went"
            assert f"no longer holds {left}" in change.why
    for content in was.keys() & now.keys():
        if was[content]["split_group"] == now[content]["split_group"]:
            assert content not in moved


def test_a_group_that_loses_its_smallest_question_can_move_and_is_listed():
    """The property above could hold for want of moves: here is one, a passage whose two questions' ids lie in different splits."""
    pairs = ([question(n, "passage", name, 0) for n, name in enumerate(names)] for names in combinations(NAMES, 2))
    rows = next(rows for rows in (sorted(pair, key=lambda row: row["content_id"]) for pair in pairs) if len({*map(alone, rows)}) == 2)
    settings = CONFIG.split.model_dump()
    old, new = curated(rows)[0], curated(rows[1:])[0]
    (change,) = moves(old, new, settings, settings)
    assert (change.kind, change.record_id) == ("moved", rows[1]["record_id"])
    assert (change.before, change.after) == (alone(rows[0]), alone(rows[1]))
    assert rows[0]["content_id"] in change.why
    (back,) = moves(new, old, settings, settings)
    assert f"joined by {rows[0]['content_id']}" in back.why


def alone(row):
    """Split of a question whose group is itself."""
    at = hash_fraction(row["content_id"], CONFIG.split.seed)
    return "train" if at < 0.4 else "validation" if at < 0.7 else "test"
