"""One record while decisions of reviewers are applied to it, line by line: what it says, and whether that is a question."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from pipeline.common.grammar.references import refers_to_others
from pipeline.common.text import canonical_json, clean, is_vietnamese
from pipeline.normalize import content_id, is_bare, option_faults
from pipeline.normalize.draft import Draft
from schemas.config.sources import SourceConfig
from schemas.decisions import Decision
from schemas.reasons import REASON_TEXT, Reason
from schemas.tables.curation import Question
from schemas.tables.row import MAX_TEXT_CHARS, option_identity

PARTS = ("context", "stem", "options", "answer_index")
ANSWERED, EDITED, LET_IN = "answer_by_reviewer", "edited_by_reviewer", "accepted_by_reviewer"
# Faults of the text that are looked for anew in whatever it says by now; all others are a judgement that a reviewer may overrule.
OF_TEXT = (
    Reason.TOO_LARGE,
    Reason.NOT_MULTIPLE_CHOICE,
    Reason.EMPTY_STEM,
    Reason.TOO_FEW_OPTIONS,
    Reason.TOO_MANY_OPTIONS,
    Reason.EMPTY_OPTION,
    Reason.DUPLICATE_OPTIONS,
)
OF_KEY = (Reason.MISSING_ANSWER, Reason.ANSWER_NOT_IN_OPTIONS, Reason.MULTIPLE_ANSWERS, Reason.AMBIGUOUS_ANSWER_BASE)
_WORD = re.compile(r"\w")


class NotApplicableError(Exception):
    """A decision that can't be applied to this record; says why."""


@dataclass
class Revised:
    """A Question or Rejected row (`read`) and what decisions made of it. `verdict` is the last accept or reject."""

    read: dict[str, Any]
    context: str | None = None
    stem: str = ""
    options: list[str] = field(default_factory=list)
    answer_index: int | None = None
    retold: bool = False
    verdict: str | None = None
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context, self.stem, self.options = self.read["context"], self.read["stem"] or "", list(self.read["options"] or [])
        self.answer_index = self.read["answer_index"]

    @property
    def was_question(self) -> bool:
        """Whether it was one as its file holds it."""
        return "reason_codes" not in self.read

    @property
    def content_id(self) -> str | None:
        """That of what it says now; None while it is no question."""
        return None if self.faults() else content_id(self.context, self.stem, self.options, self.answer_index or 0)

    def says(self) -> str | None:
        """Its content_id and parts as a JSON object; None where it has no text."""
        parts = {name: getattr(self, name) for name in ("content_id", *PARTS)}
        return canonical_json(parts) if self.stem or self.options else None

    def apply(self, decision: Decision, by_content: bool) -> str:
        """Applies an accept, reject, set_answer or edit; returns what was done. `by_content`: its file was typed anew since.

        Raises NotApplicableError, and then nothing has changed.
        """
        if decision.action == "set_answer":
            return self._set_answer(decision)
        if decision.action == "edit":
            return self._edit(decision, by_content)
        self.verdict = decision.action
        return f"{decision.action}ed"

    def _set_answer(self, decision: Decision) -> str:
        place = decision.answer_index
        assert place is not None
        if not self.options:
            raise NotApplicableError("it has no options")
        if decision.answer is not None:
            wanted = option_identity(clean(decision.answer))
            places = [i for i, option in enumerate(self.options) if option_identity(option) == wanted]
            if not places:
                raise NotApplicableError(f"no option reads {decision.answer[:80]!r}")
            place = place if place in places else places[0]
        if place >= len(self.options):
            raise NotApplicableError(f"answer_index {place} is outside 0-{len(self.options) - 1}: it has {len(self.options)} options")
        before, self.answer_index = self.answer_index, place
        key = f"its key is {self.options[place][:80]!r}"
        if before == place:
            return f"{key}, as it was, confirmed"
        self._note(ANSWERED)
        return f"{key}, set" if before is None else f"{key}, where it was {self.options[before][:80]!r}, set"

    def _edit(self, decision: Decision, by_content: bool) -> str:
        before = (self.context, self.stem, self.options, self.answer_index, self.retold)
        key = self.options[self.answer_index] if self.answer_index is not None and self.answer_index < len(self.options) else None
        if decision.stem is not None:
            self.stem, self.retold = clean(decision.stem), True
        if decision.context is not None:
            self.context = clean(decision.context) or None
        if decision.options is not None:
            self.options = list(map(clean, decision.options))
            moved = [i for i, option in enumerate(self.options) if key is not None and option_identity(option) == option_identity(key)]
            # The file that was typed anew may have another order than the reviewer saw; the right option is where its text is.
            if by_content and moved and self.answer_index not in moved:
                self.answer_index = moved[0]
        try:
            self._require_sound_edit(decision)
        except NotApplicableError:
            self.context, self.stem, self.options, self.answer_index, self.retold = before
            raise
        given = [name for name in ("stem", "options", "context") if getattr(decision, name) is not None]
        if before[:3] != (self.context, self.stem, self.options):
            self._note(EDITED)
        now = self.options[self.answer_index] if self.answer_index is not None else None
        keyed = f" (the right option read {key[:80]!r} and reads {now[:80]!r})" if key and now and key != now else ""
        return f"its {', '.join(given)} edited{keyed}"

    def _require_sound_edit(self, decision: Decision) -> None:
        faults = [why for _, why in self._faults_of_text()] if self.was_question else []
        if decision.stem is not None and not _WORD.search(self.stem):
            faults.append(f"stem {self.stem!r}")
        if decision.options is not None:
            faults += [f"option {i} has no text" for i, option in enumerate(self.options) if not option]
            if len(set(map(option_identity, self.options))) < len(self.options):
                faults.append("two of its options say the same")
            if self.answer_index is not None and self.answer_index >= len(self.options):
                faults.append(f"the right option is number {self.answer_index + 1}, and it gives {len(self.options)}: set_answer first")
        if faults:
            raise NotApplicableError("; ".join(dict.fromkeys(faults)))

    def _note(self, repair: str) -> None:
        if repair not in self.done:
            self.done.append(repair)

    def _faults_of_text(self) -> Iterator[tuple[Reason, str]]:
        texts = [self.context or "", self.stem, *self.options]
        if longest := next((text for text in texts if len(text) > MAX_TEXT_CHARS), None):
            yield Reason.TOO_LARGE, f"{len(longest):,} characters"
        # A picture is looked for in a new stem alone: one that was refused for it stays so, one that wasn't is known to do without.
        known = [] if self.retold and not self.was_question and self.verdict != "accept" else [Reason.IMAGE_REQUIRED]
        yield from option_faults(Draft(stem=self.stem, context=self.context, options=self.options, reasons=known))

    def faults(self) -> list[tuple[Reason, str]]:
        """Why it is no question now, each in words; empty where it is one."""
        if self.was_question:
            return []
        reasons = list(map(Reason, self.read["reason_codes"]))
        found = list(self._faults_of_text())
        if not found and self.answer_index is None:
            found = [(next((reason for reason in reasons if reason in OF_KEY), Reason.MISSING_ANSWER), "no key could be read: set_answer")]
        if self.verdict == "accept" or self.retold:
            return found
        judged = [(reason, REASON_TEXT[reason]) for reason in reasons if reason not in (*OF_TEXT, *OF_KEY)]
        return [*judged, *found]

    def question(self, source: SourceConfig) -> dict[str, Any]:
        """The Question row that it is now. Raises NotApplicableError where it breaks a bound."""
        assert self.answer_index is not None
        let_in = [LET_IN] if not self.was_question and self.verdict == "accept" else []
        parts = {name: getattr(self, name) for name in PARTS}
        row = {name: self.read[name] for name in Question.model_fields.keys() & self.read.keys()} | parts
        row |= {
            "content_id": content_id(self.context, self.stem, self.options, self.answer_index),
            "language": self._language(source),
            "repairs": list(dict.fromkeys([*self.read["repairs"], *self.done, *let_in])),
            "fixed_order": any(map(refers_to_others, self.options)),
        }
        try:
            Question.model_validate(row)
        except ValidationError as error:
            raise NotApplicableError(error.errors()[0]["msg"]) from error
        return row

    def _language(self, source: SourceConfig) -> str:
        written = f"{self.stem} {' '.join(self.options)}"
        if source.language != "auto":
            return source.language
        known = self.read["language"]
        if known and (self.was_question and EDITED not in self.done):
            return str(known)
        return "vi" if is_vietnamese(written) else str(known or "en") if is_bare(written) else "en"
