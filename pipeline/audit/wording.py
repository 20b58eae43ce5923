"""What the codes of tables mean, each in one English sentence, for pages that people read (translated by `translator`)."""

from schemas.reasons import Disposition, Relation

DISPOSITION_TEXT: dict[str, str] = {
    Disposition.REJECTED: "It is no usable question.",
    Disposition.BENCHMARK: "It belongs to a benchmark: it is never trained on.",
    Disposition.CONTAMINATED: "A benchmark holds it too, so it was taken out.",
    Disposition.CONFLICT: "The same question stands elsewhere with another key; both are held back until a person decides.",
    Disposition.DUPLICATE: "The same question stands elsewhere; the better copy was kept.",
    Disposition.FILTERED: "Its quality score is too low.",
    Disposition.TRAIN: "It is in the set, in the training split.",
    Disposition.VALIDATION: "It is in the set, in the validation split.",
    Disposition.TEST: "It is in the set, in the test split.",
}

RELATION_TEXT: dict[str, str] = {
    Relation.EXACT: "The same question, options and key, in any order of the options.",
    Relation.SAME: "The same question, written a little differently.",
    Relation.VARIANT: "The same question in other words or with other distractors.",
    Relation.CONFLICT: "The same question, and the keys contradict each other.",
    Relation.RELATED: "One passage, or one stem with other options.",
    Relation.DIFFERENT: "Another question.",
    "shared_13gram": "Both hold the same 13 words in a row; this flags and removes nothing.",
}

REPAIR_TEXT: dict[str, str] = {
    "context_split": "The passage or rubric was told apart from the question.",
    "gap_restored": "A gap to fill, lost or written in another way, was restored.",
    "html_entities": "HTML entities were read as the characters that they stand for.",
    "html_tags": "HTML tags were read as the text that a browser shows.",
    "instruction_cut_from_options": "An instruction was cut from the options.",
    "invisible_characters": "Characters that no reader sees were taken out.",
    "key_by_text": "The key was found by the text of the option that it repeats.",
    "key_from_explanation": "The key was taken from the explanation, which names one option.",
    "key_unwrapped": "The key was taken out of the words or brackets around it.",
    "lookalike_letter": "A letter of another alphabet that looks the same was read as the option's letter.",
    "mojibake_fixed": "Wrongly decoded characters were mended.",
    "note_cut_from_options": "A note was cut from the options.",
    "number_stripped": "The question's number was taken off.",
    "option_label_repeated": "An option's letter stood twice.",
    "option_lines_joined": "The lines of an option were joined.",
    "option_mark_repaired": "A damaged option mark was mended.",
    "option_marks_stripped": "The marks before the options were taken off.",
    "options_in_text": "The options were found within the text of the question.",
    "options_out_of_order": "The options stood in another order than their letters.",
    "repeated_option_dropped": "An option that stood twice was dropped.",
}

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
