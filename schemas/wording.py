"""What the codes of tables mean, each in one English sentence, beside the reasons (schemas/reasons.py). People read them in their
language: `pipeline.common.translations` has the others. `Backticks` mark code."""

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

# Why a model isn't trained on a sample that the dataset holds: `status` of examples and of trained samples.
NOT_TRAINED_TEXT: dict[str, str] = {
    "not_trained: too_long": "It is longer than `render.max_seq_tokens`.",
    "not_trained: answer_altered": "The model's tokenizer changes its answer (as `H₂O` to `H2O`), so the model would learn another text.",
    "not_trained: answer_merged": "The model's tokenizer makes its answer and another option the same, or leaves nothing of it.",
    "not_trained: control_tokens": "Its text turns into control tokens of the model, which could end its turn.",
}

# Beside what parsing repairs: one sentence for each name in `repairs`. A test looks for names in pipeline/ that lack theirs.
REPAIR_TEXT: dict[str, str] = {
    "accepted_by_reviewer": "A reviewer accepted it, whatever the rules say.",
    "answer_by_reviewer": "A reviewer set its key.",
    "context_split": "The passage or rubric was told apart from the question.",
    "edited_by_reviewer": "A reviewer edited its text.",
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

# Why a person should look at a file, and what to do: `looks` of source_files, the gravest first.
LOOK_TEXT: dict[str, str] = {
    "unreadable": "it can't be read: {detail}",
    "refused": "{rejected} of {records} records are refused ({reason}): see what each says",
    "unread": "{share} of its text is in no record: see the pieces; questions among them may need another reader",
    "unused": "nothing is taken from {column}, which is called like {like}: if it belongs to the question, name it under `fields:`",
    "keys": "how its keys are counted is {format} ({detail}): set `answer_format:` on the source",
}
