"""`sources:` where raw questions come from, and how they are read."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from schemas.config.base import Strict
from schemas.vocabulary import Language, Role

FIELD_NAMES = ("stem", "options", "answer", "context", "explanation", "id", "subject", "image")


class SourceConfig(Strict):
    """One origin of questions: a name, its files and how to read them."""

    name: str = Field(pattern=r"^[a-z0-9_]+$", description="unique; part of every record's identity")
    path: str | list[str] = Field(description="glob or globs below `root`")
    reader: Literal[
        "auto",
        "json",
        "jsonl",
        "csv",
        "xlsx",
        "parquet",
        "blocks",
        "aiken",
        "gift",
        "moodle",
        "docx",
        "exam",
        "latex",
        "rexams",
        "yaml",
        "javascript",
        "python",
        "wiki",
        "text2qti",
        "cards",
        "brightspace",
        "blackboard",
        "qti",
        "olx",
        "pdf",
        "odt",
        "doc",
        "h5p",
        "anki",
        "zip",
        "html",
        "markdown",
        "respondus",
        "examview",
        "google_forms",
        "toml",
        "tutor",
        "hotpot",
        "wpproquiz",
    ] = Field("auto", description="how the files are read; auto: found by name and content, file by file (docs/readers.md)")
    fields: dict[str, str] = Field(
        default_factory=dict,
        description="question part -> column name or dotted path; parts: " + ", ".join(FIELD_NAMES) + ", option_a .. option_j",
    )
    answer_format: Literal["auto", "letter", "index0", "index1", "text"] = Field(
        "auto", description="how keys are written; auto: decided over all rows of a file, and recorded"
    )
    language: Literal[Language, "auto"] = Field(
        "auto", description="of the questions; auto: told from each text, or from the file's other questions where it shows none"
    )
    role: Role = Field("train", description="train, or benchmark: never trained on, and what it holds is taken out of the others")
    licence: str = Field("", description="told in the ledger and in exports; licences are the source's own")

    @field_validator("fields")
    @classmethod
    def _known_parts(cls, value: dict[str, str]) -> dict[str, str]:
        allowed = {*FIELD_NAMES, *(f"option_{letter}" for letter in "abcdefghij")}
        if unknown := sorted(set(value) - allowed):
            raise ValueError(f"unknown question part {unknown[0]!r}; allowed: {', '.join(sorted(allowed))}")
        return value

    @property
    def patterns(self) -> list[str]:
        return [self.path] if isinstance(self.path, str) else list(self.path)

    @field_validator("path")
    @classmethod
    def _inside_root(cls, value: str | list[str]) -> str | list[str]:
        patterns = [value] if isinstance(value, str) else value
        if not patterns or not all(patterns):
            raise ValueError("at least one glob is needed")
        if outside := [p for p in patterns if ".." in Path(p).parts]:
            raise ValueError(f"{outside[0]!r} leaves the root; set `root:` to a folder that holds all sources instead")
        return value
