"""What a person decided about a record: one line of `data/review/<dataset>/decisions.jsonl`, which is only ever appended to."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.config.base import Strict
from schemas.tables.row import MAX_OPTIONS, MAX_TEXT_CHARS, MIN_OPTIONS, ContentId, Position, RecordId, Text

Action = Literal["accept", "reject", "set_answer", "edit", "merge", "apart", "note", "undo"]
MAX_WHY_CHARS = 10_000

# What an action can't do without; an edit needs one of its three.
NEEDED: dict[str, tuple[str, ...]] = {
    "set_answer": ("answer_index",),
    "edit": ("stem", "options", "context"),
    "merge": ("other_record_id",),
    "apart": ("other_record_id",),
    "undo": ("undoes",),
}
# What an action may give beside that.
ALLOWED: dict[str, tuple[str, ...]] = {"set_answer": ("answer",), "merge": ("other_content_id",), "apart": ("other_content_id",)}
GIVEN = ("answer_index", "answer", "stem", "options", "context", "other_record_id", "other_content_id", "undoes")


class Decision(Strict):
    """One decision. Written by hand, `record_id`, `action`, `who` and what the action needs are enough."""

    id: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$", description="unique; else a hash of the line")]
    at: datetime | None = Field(None, description="when")
    who: Annotated[str, Field(min_length=1, max_length=200, pattern=r"[^\s\p{Z}]", description="the reviewer")]
    why: Annotated[str, Field(max_length=MAX_WHY_CHARS, description="in the reviewer's words")] = ""
    record_id: RecordId = Field(description="the record that it is about")
    content_id: ContentId | None = Field(None, description="what that record said when it was decided: finds it again in a file typed anew")
    action: Action
    answer_index: Position | None = Field(None, description="set_answer: place of the right option, from 0, in file order")
    answer: Text | None = Field(None, description="set_answer: what that option says; finds it where a file typed anew has another order")
    stem: Text | None = Field(None, description="edit: the new stem")
    options: Annotated[list[Text], Field(min_length=MIN_OPTIONS, max_length=MAX_OPTIONS)] | None = Field(
        None, description="edit: all options anew, in file order; the right one keeps its place"
    )
    context: Annotated[str, Field(max_length=MAX_TEXT_CHARS)] | None = Field(None, description="edit: the new context; empty takes it away")
    other_record_id: RecordId | None = Field(None, description="merge, apart: the other record")
    other_content_id: ContentId | None = Field(None, description="merge, apart: what the other record said")
    undoes: str | None = Field(None, description="undo: the id of the decision that is taken back")

    @model_validator(mode="after")
    def _holds_what_its_action_needs(self) -> Self:
        needed = NEEDED.get(self.action, ())
        given = [name for name in GIVEN if getattr(self, name) is not None]
        if needed and not set(needed) & set(given):
            raise ValueError(f"action {self.action} needs {' or '.join(needed)}")
        allowed = {*needed, *ALLOWED.get(self.action, ())}
        if strange := [name for name in given if name not in allowed]:
            raise ValueError(f"action {self.action} takes no {', '.join(strange)}")
        if self.other_record_id == self.record_id:
            raise ValueError("other_record_id is the record itself")
        return self
