"""A decision from the form of a record's page: checked, refused in words, or appended to decisions.jsonl."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from datasette.utils.asgi import Response
from pydantic import ValidationError

from cli.audit_server import record
from cli.audit_server.pending import Pending, pending_of
from cli.audit_server.visit import MOST_NAME_CHARS, REVIEWER_COOKIE, RefusedError, Visit
from pipeline.audit.record import record_facts
from pipeline.common.store.decisions import append_decisions
from pipeline.common.text import canonical_json, short_hash
from schemas.decisions import Decision
from schemas.reasons import Disposition
from schemas.tables.row import MIN_OPTIONS

MOST_BODY_BYTES = 8 * 2**20
NONCE_CHARS = 8


class Form(NamedTuple):
    """What was sent: each field once, and the options in order."""

    fields: dict[str, str]
    options: list[str]


def form_of(body: bytes) -> Form:
    """The fields of a form; browsers end lines with CR LF, texts of ours with LF."""
    pairs = [(name, value.replace("\r\n", "\n")) for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)]
    return Form({name: value for name, value in pairs if name != "option"}, [value for name, value in pairs if name == "option"])


async def post(visit: Visit) -> Response:
    """Takes a decision, then leads back to the record's page."""
    require_own_form(visit)
    form = form_of(await visit.request.post_body())
    record_id = visit.request.url_vars["record_id"]
    is_own = compare_digest(form.fields.get("csrftoken", "").encode(), visit.request.scope["csrftoken"]().encode())
    visit.arguments |= {name: form.fields[name] for name in ("from", "at") if form.fields.get(name)}
    path = visit.place.decisions(visit.dataset)

    def read(database: Any) -> tuple[dict[str, Any] | None, Pending]:
        return record_facts(database, record_id), pending_of(database, path)

    facts, pending = await visit.read(read)
    if facts is None:
        raise RefusedError(404, visit.words("The published version holds no such record any more; nothing was saved."))
    who = (form.fields.get("who") or visit.reviewer).strip()[:MOST_NAME_CHARS]
    typed = {**form.fields, "options": form.options or row_options(facts), "who": who}
    if not is_own:
        says = visit.words("The form is from before the server was started anew; look at what you typed, and send it again.")
        return await record.page(visit, record_id, 403, refused=says, typed=typed)
    made = decision_of(visit, facts, pending, form, who)
    if isinstance(made, str):
        return await record.page(visit, record_id, 422, refused=made, typed=typed)
    try:
        refusal = append_decisions(path, [made])
    except OSError as error:
        refusal = visit.words("The decision could not be written ({error}).").format(error=error.strerror or error)
    if refusal is not None:
        return await record.page(visit, record_id, 503, refused=refusal, typed=typed)
    told = {name: form.fields.get(name) for name in ("from", "at")}
    response = Response.redirect(visit.address(f"/record/{record_id}", **told, saved="1"), 303)
    visit.remember(response, REVIEWER_COOKIE, who)
    return response


def row_options(facts: Mapping[str, Any]) -> list[str]:
    """The options of the record, where the form held none."""
    return list(facts["row"]["options"] or [])


def require_own_form(visit: Visit) -> None:
    """Raises RefusedError unless a page of this very server sent the request, as far as its headers tell."""
    headers = visit.request.headers
    if visit.request.method != "POST":
        raise RefusedError(405, visit.words("A decision is sent by the form of a record's page."))
    foreign = headers.get("origin", "").lower() != f"http://{headers.get('host', '')}".lower()
    if foreign or headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise RefusedError(403, visit.words("Only a page of this server can send a decision; open the record and send its form again."))
    if not headers.get("content-length", "").isdigit() or int(headers["content-length"]) > MOST_BODY_BYTES:
        raise RefusedError(413, visit.words("The form is too large."))


def decision_of(visit: Visit, facts: dict[str, Any], pending: Pending, form: Form, who: str) -> Decision | str:
    """The decision that a form makes, or why it can't be taken."""
    _, row, fields = visit.words, facts["row"], form.fields
    if not who:
        return _("Say who you are first: a decision bears its reviewer's name.")
    if (fields.get("content_id") or None) != row["content_id"]:
        return _("The record has changed since you opened this page; look at it as it is now, and decide again.")
    action, _colon, about = fields.get("action", "").partition(":")
    given = _given(visit, facts, pending, form, action, about, who)
    if isinstance(given, str):
        return given
    nonce = "".join(letter for letter in fields.get("nonce", "") if letter.isalnum())[:NONCE_CHARS]
    if not nonce:
        return _("The form is incomplete; open the record again.")
    cells = {
        "who": who,
        "why": fields.get("why", "").strip(),
        "record_id": row["record_id"],
        "content_id": row["content_id"],
        "action": action,
        **given,
    }
    try:
        # The same form sent twice is one decision; another decision from the same page is another.
        return Decision.model_validate({"id": f"web-{nonce}-{short_hash(canonical_json(cells))[:8]}", "at": datetime.now(UTC), **cells})
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, item['loc'])) or action}: {item['msg']}" for item in error.errors()[:5])
        return _("This can't be saved: {problems}.").format(problems=said)


def _given(visit: Visit, facts: dict[str, Any], pending: Pending, form: Form, action: str, about: str, who: str) -> dict[str, Any] | str:
    """What the action needs beside the record, or why the record can't take it."""
    _, row = visit.words, facts["row"]
    options = row["options"] or []
    mine = pending.of_record.get(row["record_id"], [])
    match action:
        case "reject":
            return {}
        case "note":
            return {} if form.fields.get("why", "").strip() else _("A note needs words: write them under “Why”.")
        case "accept":
            mended = any(one.action in ("edit", "set_answer") for one in mine)
            if row["disposition"] == Disposition.REJECTED and (len(options) < MIN_OPTIONS or row["answer_index"] is None) and not mended:
                return _("It can't be accepted as it is: it lacks options or a key. Set the answer or edit it first.")
            return {}
        case "set_answer":
            return _answer(visit, form.fields.get("answer_index", ""), options)
        case "edit":
            return _edit(visit, row, form)
        case "merge" | "apart":
            other = next((one for one in facts["neighbours"] if one["record_id"] == about), None)
            if other is None:
                return _("The record {record} is no neighbour of this one.").format(record=about[:20])
            return {"other_record_id": about, "other_content_id": other["content_id"]}
        case "undo":
            decision = next((one for one in mine if one.id == about), None)
            if decision is None:
                return _("This decision was taken back already.")
            if decision.who != who:
                return _("This is a decision of {who}; only {who} can take it back.").format(who=decision.who)
            return {"undoes": about}
    return _("Choose what to decide.")


def _answer(visit: Visit, sent: str, options: Sequence[str]) -> dict[str, Any] | str:
    _, count = visit.words, len(options)
    if not count:
        return _("The record has no options, so no answer can be set; edit it first.")
    if not sent:
        return _("Choose the option that is right.")
    if not sent.isascii() or not sent.isdigit() or len(sent) > 3 or int(sent) >= count:
        return _("The answer must be one of the {count} options of the record.").format(count=count)
    return {"answer_index": int(sent), "answer": options[int(sent)]}


def _edit(visit: Visit, row: Mapping[str, Any], form: Form) -> dict[str, Any] | str:
    """The parts that were changed, each whole."""
    _, given = visit.words, {}
    stem, context = form.fields.get("stem", "").strip(), form.fields.get("context", "").strip()
    options = [option.strip() for option in form.options]
    while options and not options[-1]:
        options.pop()
    if stem != (row["stem"] or "").strip():
        if not stem:
            return _("A question can't be empty.")
        given["stem"] = stem
    if context != (row["context"] or "").strip():
        given["context"] = context
    if options != [option.strip() for option in row["options"] or []]:
        if len(options) < MIN_OPTIONS or not all(options):
            return _("A question needs two options or more, and none of them empty.")
        if row["answer_index"] is not None and row["answer_index"] >= len(options):
            return _("The right option keeps its place, so it can't be taken away; set another answer first.")
        given["options"] = options
    return given or _("Nothing was changed in the text.")
