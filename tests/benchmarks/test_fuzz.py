"""Everything that fuzzing found once, and half a minute of it anew, with other inputs each day."""

from datetime import date

import pytest

from benchmarks import fuzz
from benchmarks.fuzz import CORPUS, Input, make_input, save, seeds, try_input
from pipeline.common import confined
from pipeline.ingest import formats, read_file
from pipeline.ingest.items import Format

CI_SECONDS = 25


@pytest.mark.parametrize("path", sorted(path for path in CORPUS.rglob("*") if path.is_file()), ids=lambda path: path.name)
def test_what_was_found_once_keeps_every_promise(path):
    try_input(Input(path.name, path.read_bytes()))


def test_changed_inputs_keep_every_promise():
    seed = date.today().toordinal()
    outcomes, findings = fuzz.fuzz(CI_SECONDS, seed)
    told = "\n".join(f"python -m benchmarks.fuzz --seed {seed} --first {found.number}\n{found.trace}" for found in findings)
    assert not findings, f"make each again, and save it in {CORPUS}, by its command:\n{told}"
    assert outcomes.total() > 50


def test_seeds_are_files_of_every_reader(tmp_path):
    readers = set()
    for seed in seeds():
        (tmp_path / seed.name).write_bytes(seed.data)
        content, _ = read_file(tmp_path / seed.name, "auto")
        readers |= {content.reader for item in content.items if item.reason is None}
    # An old Word document is read by LibreOffice, where there is one: formats/test_office.py.
    assert readers | {"doc"} == set(formats.READERS)


def test_a_seed_makes_the_same_inputs_always():
    sound = seeds()
    assert [make_input(7, number, sound) for number in range(40)] == [make_input(7, number, sound) for number in range(40)]
    assert make_input(7, 0, sound) != make_input(8, 0, sound)


@pytest.fixture
def odd_reader(monkeypatch):
    """Puts a reader before all others."""

    def put(read):
        form = Format("odd", lambda file: bool(file.text), read_text=read)
        monkeypatch.setattr(formats, "FORMATS", (form, *formats.FORMATS))

    return put


def raising(_):
    raise IndexError("list index out of range")


def stalling(_):
    while True:
        pass


@pytest.mark.parametrize(("read", "words"), [(raising, "a reader failed"), (stalling, "TooSlow")])
def test_a_broken_promise_is_found_named_and_saved(odd_reader, tmp_path, monkeypatch, read, words):
    monkeypatch.setattr(fuzz, "MAX_SECONDS", 0.5)
    monkeypatch.setattr(fuzz, "seeds", lambda: [Input("a.txt", b"#Q Which?\n^ a\nA a\nB b\n" * 5)])
    odd_reader(read)
    told = []
    outcomes, findings = fuzz.fuzz(3, 1, tell=told.append)
    assert outcomes["broken promise"] > 0
    assert findings == told
    assert len(findings) == 1
    assert words in findings[0].trace
    saved = save(findings[0], tmp_path)
    assert (saved.parent, saved.read_bytes()) == (tmp_path / "files", findings[0].input.data)


def test_a_record_that_vanishes_is_a_broken_promise(monkeypatch):
    normalize = fuzz.normalize
    monkeypatch.setattr(fuzz, "normalize", lambda *given: (found := normalize(*given))._replace(questions=found.questions[1:]))
    with pytest.raises(AssertionError, match="2 records, and 1 questions and rejections"):
        try_input(Input("a.txt", b"#Q Which?\n^ a\nA a\nB b\n\n#Q Who?\n^ a\nA a\nB b\n"))


def test_work_of_the_other_process_is_bounded_too(monkeypatch):
    # A workbook on which its library goes round in circles: until time is over, or memory on a faster machine.
    endless = CORPUS / "files" / "761fb6b7.xls"
    monkeypatch.setattr(fuzz, "NATIVE", ())
    monkeypatch.setattr(confined, "CLOCK_PER_CPU", 100)
    with pytest.raises(AssertionError, match=r"a reader failed: (it takes more than 2 s|reading it takes more than the 4 GiB)"):
        try_input(Input(endless.name, endless.read_bytes()))
