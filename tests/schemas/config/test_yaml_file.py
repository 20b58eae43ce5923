"""Reading the configuration's YAML ends, whatever stands in the file: with a Config, or with a ConfigError that says where."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.config import Config, load_config
from schemas.config.yaml_file import MAX_BYTES, MAX_DEPTH, MAX_VALUES, read_yaml
from schemas.errors import ConfigError

HEAD = "dataset: d\nsources: [{name: s, path: a}]\n"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
REFUSED = {
    "aliases that stand for 9^9 values": (BOMB, "line 5, .*more than 20,000 values"),
    "an alias within what it names": ("dataset: &a [*a]\n", r"line 1, column 14: \*a stands within"),
    "aliases under a merge key": ("a: &a {b: &b {c: *a}}\n", r"\*a stands within"),
    "an unknown alias": ("dataset: *a\n", "undefined alias"),
    "lists in lists": ("dataset: " + "[" * 3000, "more than 20 deep"),
    "dashes in dashes": ("- " * 3000, "more than 20 deep"),
    "mappings as keys": ("? " * 3000, "more than 20 deep"),
    "a key twice": (HEAD + "root: a\nkeep_versions: 3\nroot: b\n", "line 5, column 1: the key 'root' stands twice, first in line 3"),
    "a key twice further in": ("dataset: d\nsplit: {seed: 1, seed: 2}\n", "line 2, column 18: the key 'seed'"),
    "a number as key": (HEAD + "1: x\n", "line 3, column 1: a key must be text"),
    "a list as key": (HEAD + "[a]: x\n", "a key must be text"),
    "a yes as key": (HEAD + "on: x\n", "a key must be text; put it in quotes"),
    "an object's name": ("dataset: !!python/object/apply:os.system ['true']\n", "line 1, column 10: the tag .*os.system can't be used"),
    "a number's tag": ("dataset: !!int ''\n", "tag"),
    "bytes": ("dataset: !!binary A\n", "tag"),
    "5,000 digits": (HEAD + "keep_versions: " + "1" * 5000, "line 3, column 16: '1+' can't be read"),
    "5,000 digits in hexadecimal": (HEAD + "keep_versions: 0x" + "f" * 5000, "number this large"),
    "a number without a digit": (HEAD + "keep_versions: 0x_", "'0x_' can't be read"),
    "a day that is none": (HEAD + "root: 2026-99-99", "'2026-99-99' can't be read"),
    "NUL, spelled": (HEAD + 'root: "a\\0b"', r"line 3, column 7: the character U\+0000"),
    "NUL": (HEAD + "root: a\0b", "special characters are not allowed"),
    "half a pair": (HEAD + 'root: "\\ud83d"', r"U\+D83D can't be used"),
    "a tab": (HEAD + "split:\n\tseed: 1\n", "line 4"),
    "two documents": (HEAD + "---\n" + HEAD, "single document"),
    "another YAML": ("%YAML 3.0\n---\n" + HEAD, "incompatible"),
}


@pytest.fixture
def write(tmp_path):
    def write(content):
        file = tmp_path / "config.yaml"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return write


@pytest.mark.parametrize(("content", "says"), REFUSED.values(), ids=REFUSED)
def test_what_no_configuration_needs_is_refused_with_its_place(write, content, says):
    started = time.process_time()
    with pytest.raises(ConfigError, match=says) as error:
        load_config(write(content))
    assert len(str(error.value)) < 2_000
    assert time.process_time() - started < 5  # the bomb would take minutes


def test_bytes_that_are_no_text_are_refused(write):
    with pytest.raises(ConfigError, match=r"can't be read as YAML.*utf-8"):
        load_config(write(b"dataset: \xff\xfe\n"))


def test_a_folder_and_a_path_that_is_none_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="can't be read"):
        load_config(tmp_path)
    with pytest.raises(ConfigError, match="null byte"):
        load_config(tmp_path / "a\0b")


def test_a_file_that_may_not_be_read_is_refused(write):
    file = write(HEAD)
    file.chmod(0)
    try:
        file.read_bytes()
    except PermissionError:
        with pytest.raises(ConfigError, match="Permission denied"):
            load_config(file)
    else:
        pytest.skip("this user may read every file")


def test_a_file_is_read_up_to_its_largest_size_and_no_further(write):
    comment = "#" * (MAX_BYTES - len(HEAD))
    assert load_config(write(HEAD + comment)).dataset == "d"
    with pytest.raises(ConfigError, match="larger than 1,000,000 bytes"):
        load_config(write(HEAD + comment + "#"))


def test_values_and_depth_are_counted_to_the_last(write):
    assert len(read_yaml(write(f"[{'x,' * (MAX_VALUES - 1)}]"))) == MAX_VALUES - 1
    with pytest.raises(Exception, match="more than 20,000 values"):
        read_yaml(write(f"[{'x,' * MAX_VALUES}]"))
    read_yaml(write("[" * MAX_DEPTH + "]" * MAX_DEPTH))
    with pytest.raises(Exception, match="more than 20 deep"):
        read_yaml(write("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)))


def test_aliases_and_merged_mappings_can_be_used(write):
    text = HEAD.replace("path: a", "path: a, fields: &f {stem: q}") + "split: &s {seed: 3}\n"
    text = text.replace("]\n", ", {name: t, path: b, fields: {<<: *f, answer: k}}, {name: u, path: c, fields: *f}]\n", 1)
    config = load_config(write(text))
    assert [source.fields for source in config.sources] == [{"stem": "q"}, {"stem": "q", "answer": "k"}, {"stem": "q"}]


PIECES = ["dataset", "sources", "root", "split", "name", ": ", "\n", "- ", "&a ", "*a", "<<", "[", "]", "{", "}", ", ", '"', "'", "\\", "|", ">", "!!", "${", "}", "\t", "  ", "#", "%", "---", "0x", "9" * 50, "2026-1-1", "1:2", ".inf", "~", "\0", "\ufeff", "\x85", "é", "\U0001f600"]  # fmt: skip


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join), st.binary()))
@example("<<: 3")
@example("a: &a {<<: *a}")
@example("sources: [{path: !}]")
@example(HEAD + "root: ${A:-\x00}")
@example(HEAD + "split: {train: 1e999}")
def test_any_text_is_a_configuration_or_an_error_of_one(tmp_path_factory, content):
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    said = ""
    try:
        assert isinstance(load_config(file), Config)
    except ConfigError as error:
        said = str(error)
    assert len(said) < 10_000
