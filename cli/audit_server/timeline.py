"""The way of one record in sentences: read, parsed, judged, scored, selected, split, rendered, trained, evaluated, decided."""

from typing import Any, NamedTuple

from cli.audit_server.pending import Pending
from cli.audit_server.visit import Visit
from pipeline.audit.wording import ACTION_TEXT
from pipeline.told import detail_told
from schemas.reasons import REASON_TEXT, Disposition, Relation
from schemas.wording import DISPOSITION_TEXT, NOT_TRAINED_TEXT, REPAIR_TEXT

UNPARSED = (Disposition.REJECTED,)


class Step(NamedTuple):
    """A step. `state`: done, stop (it ended here), none (nothing happened) or wait (the next refresh does it); `section` is where the page
    tells more."""

    title: str
    says: list[str]
    state: str = "done"
    section: str = ""


def timeline(visit: Visit, facts: dict[str, Any], pending: Pending) -> list[Step]:
    """The steps in order."""
    row = facts["row"]
    steps = [_read(visit, facts), _parsed(visit, row)]
    if facts["quality"] is not None:
        steps += [_judged(visit, facts), _scored(visit, facts)]
    steps += [_selected(visit, facts)]
    if row["split"] is not None:
        steps.append(_split(visit, facts))
    if row["split"] is not None or row["disposition"] == Disposition.BENCHMARK or facts["examples"]:
        steps += [_rendered(visit, facts), _trained(visit, facts), _evaluated(visit, facts)]
    if decided := _decided(visit, facts, pending):
        steps.append(decided)
    return steps


def _read(visit: Visit, facts: dict[str, Any]) -> Step:
    _, row, file = visit.words, facts["row"], facts["file"]
    says = [_("It stands at {place} (source {source}).").format(place=row["locator"], source=row["source"])]
    if file is not None and row["encoding"]:
        says.append(_("The reader {reader} read it, decoded as {encoding}.").format(reader=file["reader"], encoding=row["encoding"]))
    elif file is not None:
        says.append(_("The reader {reader} read it.").format(reader=file["reader"]))
    if row["role"] == "benchmark":
        says.append(_("Its source is a benchmark: never trained on, only compared with and answered."))
    return Step(_("Read"), says, section="file")


def _parsed(visit: Visit, row: dict[str, Any]) -> Step:
    _ = visit.words
    if row["disposition"] in UNPARSED:
        says = [_("No usable question came of it.")]
    else:
        says = [_("Parsed into a question with {count} options.").format(count=len(row["options"] or []))]
    says += [_(REPAIR_TEXT.get(name, name.replace("_", " "))) for name in row["repairs"]]
    if not row["repairs"]:
        says.append(_("Nothing had to be repaired."))
    return Step(_("Parsed"), says, "stop" if row["disposition"] in UNPARSED else "done", "file")


def _judged(visit: Visit, facts: dict[str, Any]) -> Step:
    _ = visit.words
    found = [other["relation"] for other in facts["neighbours"]]
    texts = {
        Relation.CONFLICT: _("{count} conflicting: the same question with another key."),
        Relation.EXACT: _("{count} exact: the same question, options and key."),
        Relation.SAME: _("{count} same: written a little differently."),
        Relation.VARIANT: _("{count} variants: in other words or with other distractors."),
        Relation.RELATED: _("{count} related: one passage, or one stem with other options."),
    }
    says = [text.format(count=found.count(relation)) for relation, text in texts.items() if relation in found]
    return Step(_("Compared with all others"), says or [_("No other question says the same.")], section="neighbours" if found else "")


def _scored(visit: Visit, facts: dict[str, Any]) -> Step:
    _, quality = visit.words, facts["quality"]
    says = [_("Its quality score is {score} (from 0 to 1, high is good).").format(score=visit.number(quality["quality_score"], 2))]
    if len(quality["flags"]) == 1:
        says.append(_("One quality signal fired."))
    elif quality["flags"]:
        says.append(_("{count} quality signals fired.").format(count=len(quality["flags"])))
    else:
        says.append(_("No quality signal fired."))
    return Step(_("Scored"), says, section="signals")


def _selected(visit: Visit, facts: dict[str, Any]) -> Step:
    _, row = visit.words, facts["row"]
    says = [_(DISPOSITION_TEXT[row["disposition"]])]
    says += [f"{code}: {_(REASON_TEXT.get(code, code.replace('_', ' ')))}" for code in row["reason_codes"]]
    if row["detail"]:
        says.append(detail_told(row["detail"], _))
    if row["split"] is not None:
        copies = sum(other["relation"] in ("exact", "same") and other["disposition"] == "duplicate" for other in facts["neighbours"])
        best = _("It is the best of {count} copies.").format(count=copies + 1) if copies else _("Nothing else says the same, or is better.")
        says.append(best)
    stopped = row["split"] is None and row["disposition"] != Disposition.BENCHMARK
    section = "neighbours" if facts["neighbours"] else ""
    return Step(_("Left out") if stopped else _("Selected"), says, "stop" if stopped else "done", section)


def _split(visit: Visit, facts: dict[str, Any]) -> Step:
    _, row = visit.words, facts["row"]
    alone = facts["split_group_size"] <= 1
    group = (
        _("It stands alone in its group {group}.") if alone else _("{count} records share its group {group}, so they share its split.")
    ).format(group=row["split_group"], count=facts["split_group_size"])
    return Step(_("Put into a split"), [_("It is in the split {split}.").format(split=row["split"]), group])


def _rendered(visit: Visit, facts: dict[str, Any]) -> Step:
    _, examples = visit.words, facts["examples"]
    if not examples:
        return Step(_("Rendered"), [_("It has not been rendered for a model.")], "none")
    text = _("For {model}: {prompt} tokens of prompt, {completion} of completion.")
    says = [text.format(model=one["base_model"], prompt=one["prompt_tokens"], completion=one["completion_tokens"]) for one in examples]
    reasons = dict.fromkeys(one["status"] for one in examples if one["status"] != "ok")
    says += [_("It is not trained on: {why}").format(why=_(NOT_TRAINED_TEXT.get(status, status))) for status in reasons]
    return Step(_("Rendered"), says, section="prompt")


def _trained(visit: Visit, facts: dict[str, Any]) -> Step:
    _, trained = visit.words, facts["trained"]
    if not trained:
        return Step(_("Trained"), [_("No finished training has seen it.")], "none")
    says = []
    for one in trained:
        if one["times_seen"]:
            text = _("Adapter {adapter} was trained on it {count} times; its loss went from {first} to {last}.")
            first, last = (visit.number(one[name], 3) for name in ("first_loss", "last_loss"))
            says.append(text.format(adapter=one["adapter"], count=one["times_seen"], first=first, last=last))
            if one["option_orders"]:
                says.append(_("Its options stood in another order in each epoch."))
        elif one["validation_loss"] is not None:
            text = _("Adapter {adapter} was validated on it; its loss after training is {loss}.")
            says.append(text.format(adapter=one["adapter"], loss=visit.number(one["validation_loss"], 3)))
        else:
            why = _(NOT_TRAINED_TEXT.get(one["status"], one["status"]))
            says.append(_("Adapter {adapter} did not train on it: {why}").format(adapter=one["adapter"], why=why))
    return Step(_("Trained"), says, section="losses")


def _evaluated(visit: Visit, facts: dict[str, Any]) -> Step:
    _, answers = visit.words, facts["answers"]
    if not answers:
        return Step(_("Evaluated"), [_("No finished evaluation has asked it.")], "none")
    says = []
    for one in answers:
        right = _("{model} of {adapter} ({mode}): right.") if one["correct"] else _("{model} of {adapter} ({mode}): wrong.")
        says.append(right.format(model=one["model"], adapter=one["adapter"], mode=one["mode"]))
    return Step(_("Evaluated"), list(dict.fromkeys(says)), section="answers")


def _decided(visit: Visit, facts: dict[str, Any], pending: Pending) -> Step | None:
    _, row = visit.words, facts["row"]
    decisions = pending.of_record.get(row["record_id"], [])
    if not decisions and not row["decided_by"]:
        return None
    says = [f"{one.who}: {_(ACTION_TEXT[one.action])}" for one in decisions] or [
        _("Applied by {decisions}.").format(decisions=row["decided_by"])
    ]
    waits = any(pending.waits(one) for one in decisions)
    if waits:
        says.append(_("A decision waits for the next refresh."))
    return Step(_("Decided"), says, "wait" if waits else "done", "decisions")
