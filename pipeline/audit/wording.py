"""What the audit pages say of decisions, changes, lists and facets, each in English (translated by `pipeline.common.translations`)."""

ACTION_TEXT: dict[str, str] = {
    "accept": "Accepted: it belongs into the set.",
    "reject": "Rejected: it does not belong into the set.",
    "set_answer": "The key was set to another option.",
    "edit": "Its text was edited.",
    "merge": "Said to be the same question as another record.",
    "apart": "Said to be another question than another record.",
    "note": "A note.",
    "undo": "A decision was taken back.",
}

CHANGE_TEXT: dict[str, str] = {
    "entered": "It entered the set.",
    "left": "It left the set.",
    "changed": "It changed.",
    "moved": "It moved to another split.",
}

STATUS_TEXT: dict[str, str] = {
    "applied": "applied",
    "superseded": "a later decision took its place",
    "orphaned": "its record is gone",
    "ambiguous": "several records fit",
    "not_applicable": "could not be applied",
    "wrong_line": "no decision",
    "note": "note",
}

# Titles of the ready lists, in the order of the first page, and what each holds.
LIST_TITLE: dict[str, str] = {
    "conflicts": "Conflicts",
    "suspicious": "Most suspicious kept questions",
    "keys": "Suspected wrong keys",
    "rejected": "Rejected",
    "filtered": "Filtered",
    "contaminated": "Contamination",
    "changed": "Changed since the last version",
    "flipped": "Test items that flipped",
    "decided": "Decided by people",
    "pending": "Waiting for the next refresh",
    "orphaned": "Decisions without a record",
}

LIST_TEXT: dict[str, str] = {
    "conflicts": "The same question with different keys: both are held back until somebody decides.",
    "suspicious": "Questions in the set with a quality score of 0.95 or less, the lowest first.",
    "keys": "The explanation, or a model, speaks for another option than the key.",
    "rejected": "Records that are no usable question.",
    "filtered": "Questions whose score is too low, the best of them first.",
    "contaminated": "Questions that a benchmark holds too.",
    "changed": "What entered, left, changed or moved in the newest version.",
    "flipped": "Base model and adapter answered differently: fixed or broken by the training.",
    "decided": "Records on which a reviewer's decision was applied.",
    "pending": "Records with decisions that the published version doesn't hold yet.",
    "orphaned": "Decisions about records that the published version doesn't hold.",
}

FACET_TEXT: dict[str, str] = {
    "disposition": "Verdict",
    "reason": "Reason",
    "source": "Source",
    "file": "File",
    "subject": "Subject",
    "language": "Language",
    "split": "Split",
    "flag": "Quality signal",
}
