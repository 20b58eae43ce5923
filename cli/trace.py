"""`mcq trace`: the whole way of one record."""

import string
import sys
from typing import Annotated, Any

import typer

from cli.options import command, indented, out, styled
from cli.running_server import record_address
from pipeline.common.escapes import json_text
from schemas.errors import DataError
from schemas.reasons import SPLITS
from schemas.wording import NOT_TRAINED_TEXT


@command
def trace(
    record: Annotated[str, typer.Argument(metavar="ID", help="unique id prefix, content id, or SOURCE:LOCATOR")],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on stdout")] = False,
) -> None:
    """Tell the whole way of one record: origin, repairs, verdict and why, duplicates, training, answers."""
    from assets.resources.configurations import load_foundry
    from pipeline.audit.trace import find_record, trace_record

    foundry = load_foundry()
    version = foundry.lake.current()
    if version is None:
        raise DataError(f"dataset {foundry.config.dataset!r} has no published version yet; run `mcq run` first")
    names = ("sample_ledger", "quality_scores", "duplicate_pairs", "review_decisions")
    # A version of an older program has no decisions.
    tables = {name: foundry.lake.lookup(name, version.tables[name]) for name in names if name in version.tables}
    story = trace_record(find_record(tables["sample_ledger"], record), tables, foundry.adapters.glob("*"), foundry.evidence.glob("*"))
    story["version"] = version.name
    if as_json:
        sys.stdout.write(json_text(story, indent=1) + "\n")
    else:
        show(story)
        if address := record_address(foundry.data_root, foundry.config.dataset, story["record"]["record_id"]):
            say("Page", address)


def show(story: dict[str, Any]) -> None:
    """The story as people read it."""
    row = story["record"]
    say("Record", f"{row['record_id']}  (content {row['content_id'] or 'unknown'}, dataset {story['version']})")
    say("Origin", f"source {row['source']} ({row['role']}), {row['locator']}, read as {row['encoding'] or 'unknown encoding'}")
    if row["stem"] is None:
        say("Payload", row["payload"][:600])
    if row["context"]:
        say("Context", row["context"][:400])
    if row["stem"]:
        say("Question", row["stem"])
    for letter, option in zip(string.ascii_uppercase, row["options"] or [], strict=False):
        right = row["answer_index"] is not None and string.ascii_uppercase[row["answer_index"]] == letter
        out.print(f"{'':<14}{letter}. {indented(option, 17)}{'  (key)' if right else ''}", style="green" if right else None)
    say("Repairs", ", ".join(row["repairs"]) or "none")
    out.print(styled(f"{'Verdict':<14}", (row["disposition"], "bold"), f" split, group {row['split_group']}" if row["split"] else ""))
    for reason in story["reasons"]:
        say("  because", reason)
    if row["detail"]:
        say("  in detail", row["detail"])
    if row["disposition"] in SPLITS:
        say("  because", why_kept(story))
    if story["decided_by"]:
        say("  decided by", one(story["decided_by"]))
    for row in story["decisions"]:
        show_decision(row, story["record"]["record_id"])
    show_quality(story)
    for other in story["neighbours"]:
        say("Neighbour", f"{other['relation']} ({other['similarity']:.2f}; {other['why']}): {one(other)}")
    for fact in story["training"]:
        say("Training", f"adapter {fact['adapter']} of {fact['base_model']}: {fact['status']}, seen {fact['times_seen']} times")
        for text in losses(fact):
            say("  losses", text)
    for fact in story["answers"]:
        mark = "right" if fact["correct"] else "wrong"
        say(
            "Answer",
            f"{fact['model']} ({fact['mode']}, adapter {fact['adapter']}): {fact['answered']} - {mark}, gold NLL {fact['gold_nll']:.2f}",
        )
    if story["key_evidence"]:
        say("Key evidence", suspicion(story["key_evidence"]))
    for said in story["unreadable"]:
        say("Left out", said)
    if not story["training"] and not story["answers"]:
        say("Models", "no finished training or evaluation has seen it")


def suspicion(found: dict[str, Any]) -> str:
    """What models that were trained without the question say of its key."""
    if found["status"] != "scored":
        return found["status"].replace("_", " ")
    letters = string.ascii_uppercase
    voices = [
        f"{name} choose{ends} {letters[found[f'{voice}_chosen']]} ({found[f'{voice}_chosen_probability']:.0%}, the key "
        f"{found[f'{voice}_gold_probability']:.0%})"
        for name, ends, voice in (("models trained without it", "", "adapter"), ("the base model", "s", "base"))
    ]
    share = (
        "these models foretell no key" if found["wrong_share"] is None else f"of such questions {found['wrong_share']:.0%} have a wrong key"
    )
    return f"suspected_wrong_key {found['suspected_wrong_key']}: {', '.join(voices)}; {share}"


LOSSES = (("first", "first_loss"), ("last", "last_loss"), ("validation", "validation_loss"))


def losses(fact: dict[str, Any]) -> list[str]:
    """The losses of a sample by epoch; of an older training, which noted no epochs, the first and the last. Of what wasn't trained, why."""
    if why := NOT_TRAINED_TEXT.get(fact["status"]):
        return [why]
    if not fact.get("losses"):
        return [", ".join(f"{name} {fact[key]:.3f}" for name, key in LOSSES if fact[key] is not None) or "no loss"]
    chosen = dict(enumerate(fact["gold_chosen"], start=1))
    marks = {place: " (right)" if right else " (wrong)" for place, right in chosen.items()}
    told = [
        f"{loss:.3f}{marks.get(place, '')}{' kept' * (place == fact['kept_epoch'])}" for place, loss in enumerate(fact["losses"], start=1)
    ]
    orders = [f"options in the order {', '.join(fact['option_orders'])}"] if fact["option_orders"] else []
    return [f"by epoch {', '.join(told)}", *orders]


def why_kept(story: dict[str, Any]) -> str:
    """Why a question stayed: what it was compared with."""
    lost = [other for other in story["neighbours"] if other["relation"] in ("exact", "same") and other.get("disposition") == "duplicate"]
    best = f"it is the best of {len(lost) + 1} copies" if lost else "nothing else says the same"
    decided = any(other["relation"] == "conflict" for other in story["neighbours"])
    conflict = "its conflict was decided by a reviewer" if decided else "no conflict"
    score = f"score {story['record']['quality_score']:.2f}"
    # Under the threshold it stays by a reviewer's word, which the detail tells.
    score += " is high enough" if "kept though its score" not in (story["record"]["detail"] or "") else ""
    return f"parsed and valid, {best}, {conflict}, not in a benchmark, {score}"


def show_decision(row: dict[str, Any], record_id: str) -> None:
    """A line of the file of decisions: what came of it, who decided, and why; what the record said before it."""
    about = "" if record_id in (row["found_id"], row["other_found_id"], row["record_id"]) else f" of record {row['found_id']}"
    when = f", {row['at'][:16].replace('T', ' ')}" if row["at"] else ""
    status = row["status"].replace("_", " ")
    say("Decision", f"{row['action']}{about} by {row['who']} (line {row['line']}, {row['id']}{when}): {status}, {row['detail']}")
    if row["why"]:
        say("  why", row["why"])
    if row["before"] and row["action"] in ("set_answer", "edit") and not about:
        before = row["before"]
        place = before["answer_index"]
        key = before["options"][place] if place is not None and place < len(before["options"]) else "no key"
        say("  before", f"{before['stem']} [{' / '.join(before['options'])}] -> {key}")


def show_quality(story: dict[str, Any]) -> None:
    """Score, and each flag in words."""
    quality = story["quality"]
    if quality:
        say("Quality", f"{quality['quality_score']:.2f} (0-1, high = good)" + ("" if quality["flags"] else ", no flags"))
        for text in quality["explanations"]:
            say("  flag", text)


def one(row: dict[str, Any]) -> str:
    """Another record in one line."""
    stem = (row.get("stem") or "").replace("\n", " ")
    key = row["options"][row["answer_index"]] if row.get("options") and row.get("answer_index") is not None else ""
    return f"{row.get('record_id')} {row.get('locator')} [{row.get('disposition')}] {stem[:80]} -> {key[:40]}"


def say(label: str, text: str) -> None:
    """A labelled line."""
    out.print(f"{label:<13} {indented(text, 14)}", style=None if not label.startswith(" ") else "dim")
