"""Documents in two languages are equal in what is no language: commands, figures, code, and where they lead."""

import re

import pytest

from schemas.config.base import PROJECT_ROOT

PAIRS = [PROJECT_ROOT / "README.vi.md", *sorted((PROJECT_ROOT / "docs").rglob("*.vi.md"))]
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def english(document):
    return document.with_name(document.name.replace(".vi.md", ".md"))


def parts(text):
    """The headings, paragraphs, lists, tables and blocks of code of a text, in order."""
    held = []

    def hold(block):
        held.append(block[0])
        return f"\n\n\x00{len(held) - 1}\n\n"

    pieces = re.split(r"\n\s*\n", FENCE.sub(hold, text))
    return [held[int(piece.strip()[1:])] if piece.strip().startswith("\x00") else piece.strip() for piece in pieces if piece.strip()]


def told(part):
    """What a part says in every language: a block of code without its comments, or the code, figures and targets of a text."""
    if part.startswith("```"):
        lines = [re.sub(r"(?:^|\s{2,})#\s.*$", "", line).rstrip() for line in part.splitlines()]
        is_tree = all(re.match(r"\s*\w+/\s", line) for line in lines[1:-1])
        return [re.sub(r"(?<=/)\s.*$", "", line) for line in lines] if is_tree else lines
    code, rest = re.findall(r"`[^`]*`", part), re.sub(r"`[^`]*`", " ", part)
    targets = [re.sub(r"\.vi(?=\.(?:md|png)$)", "", target) for target in re.findall(r"\]\(([^)]*)\)", rest)]
    figures = [figure(found) for found in re.findall(r"\d[\d.,]*", re.sub(r"\]\([^)]*\)", "]", rest))]
    return sorted(code), sorted(targets), sorted(figures), part[: len(part) - len(part.lstrip("#-|*"))], part.count("\n|")


def figure(text):
    """A figure without the marks that languages write in other ways, 0.9 and 0,9, 45,046 and 45.046."""
    return re.sub(r"[.,]", "", text)


def without_links(found):
    """The parts but the line that leads to the other language."""
    return [part for part in found if not (part.startswith("*") and "Tiếng Việt" in part and "English" in part)]


@pytest.mark.parametrize("document", PAIRS, ids=lambda path: path.name)
def test_both_languages_say_the_same_commands_and_figures(document):
    ours, theirs = (without_links(parts(path.read_text(encoding="utf-8"))) for path in (english(document), document))
    for one, other in zip(ours, theirs, strict=False):
        assert told(one) == told(other), f"{document.name} says otherwise than {english(document).name}:\n{one}\n---\n{other}"
    assert len(ours) == len(theirs)


@pytest.mark.parametrize("document", PAIRS, ids=lambda path: path.name)
def test_each_language_leads_to_the_other(document):
    assert f"]({english(document).name})" in document.read_text(encoding="utf-8")
    assert f"]({document.name})" in english(document).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("10 minutes", "10 phút", True),
        ("0.9 GB of 45,046", "0,9 GB trên 45.046", True),
        ("10 minutes", "11 phút", False),
        ("run `mcq run`", "chạy `mcq plan`", False),
        ("[a](x.md)", "[b](x.vi.md)", True),
        ("[a](x.md)", "[b](y.md)", False),
        ("```\nmake a  # one\n```", "```\nmake a    # một\n```", True),
        ("```\nmake a\n```", "```\nmake b\n```", False),
        ("```\npipeline/  stages\n```", "```\npipeline/  các bước\n```", True),
        ("## A", "### A", False),
        ("| a |\n| b |", "| a |", False),
    ],
)
def test_what_is_no_language_is_compared(one, other, equal):
    assert (told(one) == told(other)) == equal


def test_a_block_of_code_is_one_part():
    assert parts("# a\n\nb\nc\n```\nd\n\ne\n```\nf") == ["# a", "b\nc", "```\nd\n\ne\n```", "f"]
