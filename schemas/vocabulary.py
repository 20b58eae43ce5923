"""Words that tables and configuration share; those of verdicts are in `schemas.reasons`."""

from typing import Literal

Role = Literal["train", "benchmark"]
Language = Literal["vi", "en"]
Split = Literal["train", "validation", "test"]
NotTrained = Literal["not_trained: too_long", "not_trained: answer_altered", "not_trained: answer_merged", "not_trained: control_tokens"]
