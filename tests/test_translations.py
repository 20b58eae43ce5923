"""Every text that people read stands in the catalogue, translated, and nothing else does."""

import ast
import re
import runpy
from string import Formatter

import pytest

from pipeline.common.translations import FOLDER, LANGUAGES
from schemas.config.base import PROJECT_ROOT
from schemas.reasons import REASON_TEXT, Disposition, Reason, Relation
from schemas.wording import DISPOSITION_TEXT, RELATION_TEXT, REPAIR_TEXT

renewal = runpy.run_path(str(PROJECT_ROOT / "docs" / "translations.py"))
CATALOGUES = {language: FOLDER / f"{language}.po" for language in LANGUAGES if language != "en"}


def messages(language):
    return [message for message in renewal["read_catalogue"](CATALOGUES[language]) if message.id]


def fields(text):
    return {(name, spec) for _, name, spec, _ in Formatter().parse(text) if name is not None}


def code(text):
    return sorted(re.findall(r"`[^`]*`", text))


@pytest.mark.parametrize("language", CATALOGUES)
def test_the_catalogue_is_as_make_docs_writes_it(language):
    path = CATALOGUES[language]
    assert renewal["as_po"](renewal["renewed"](renewal["read_catalogue"](path))) == path.read_bytes(), "run `make docs`"


@pytest.mark.parametrize("language", CATALOGUES)
def test_every_text_of_the_code_is_translated(language):
    assert [message.id for message in messages(language) if not message.string or message.fuzzy] == []
    assert {message.id for message in messages(language)} == set(renewal["texts"]())


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_translation_has_the_fields_and_the_code_of_its_text(language):
    assert [m.id for m in messages(language) if fields(m.id) != fields(m.string) or code(m.id) != code(m.string)] == []


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_translation_ends_as_its_text(language):
    def end(text):
        return re.search(r"[.:?!…]?\s*$", text)[0]

    assert [message.id for message in messages(language) if end(message.id) != end(message.string)] == []


def test_texts_are_found_in_code_and_in_templates():
    found = set(renewal["written"]())
    assert {"Fix first", "none", "name the columns", "in a split"} <= found


def test_every_code_has_its_words():
    assert set(REASON_TEXT) == set(Reason)
    assert set(DISPOSITION_TEXT) == set(Disposition)
    assert set(RELATION_TEXT) >= set(Relation)


def test_every_repair_that_the_code_can_name_has_its_words():
    assert names_of_repairs() == set(REPAIR_TEXT)


NAMING = ("repairs", "repair", "found_repairs", "done", "let_in")


def names_of_repairs():
    """Snake-case words that the parsing writes where repairs are gathered: arguments and parts of what bears such a name, and the third
    of a Key and of a Stem. Constants of the module stand for what they hold."""
    found = set()
    for path in [
        *(PROJECT_ROOT / "pipeline" / "normalize").rglob("*.py"),
        *(PROJECT_ROOT / "pipeline" / "common" / "grammar").glob("*.py"),
    ]:
        module = ast.parse(path.read_text(encoding="utf-8"))
        constants = constants_of(module)
        for part in (part for node in ast.walk(module) for part in gathered(node)):
            held = [constants.get(node.id) if isinstance(node, ast.Name) else node for node in ast.walk(part)]
            found |= {node.value for node in held if is_name(node)}
    return found


def constants_of(module):
    """Names of a module in capitals, and the strings that they hold."""
    found = {}
    for node in module.body:
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                found |= {name.id: value for name, value in zip(names, values, strict=True)}
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found[name] = value
    return found


def gathered(node):
    match node:
        case ast.Call(func=ast.Attribute(value=gatherer, attr="append" | "insert" | "extend")) if called(gatherer) in NAMING:
            return node.args
        case ast.Call(func=ast.Attribute(attr="_note")):
            return node.args
        case ast.Call(func=ast.Name(id="Key" | "Stem")):
            return node.args[2:3]
        case ast.AugAssign(target=target, value=value) | ast.Assign(targets=[target], value=value) if called(target) in NAMING:
            return [value]
        case ast.keyword(arg=name) if name in NAMING:
            return [node.value]
    return []


def called(node):
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else None


def is_name(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[a-z]+(?:_[a-z]+)+", node.value)


def test_the_words_of_repairs_are_whole_sentences():
    assert [text for text in REPAIR_TEXT.values() if not re.fullmatch(r"[A-Z].+\.", text)] == []
