"""What an archive holds, before it is unpacked."""

import gzip

import pytest

from pipeline.ingest import members
from pipeline.ingest.members import Budget, is_archive, members_of, zipped_names
from schemas.errors import DataError
from tests.pipeline.ingest.zipped import zipped


def test_members_in_order_with_their_content():
    found = list(members_of(zipped(("b.txt", "x"), ("a/", ""), ("a/c.txt", "yy")), Budget(1000)))
    assert [(member.name, member.read(), member.fault) for member in found] == [("b.txt", b"x", ""), ("a/c.txt", b"yy", "")]


def test_the_number_of_members_is_bounded_before_they_are_listed(monkeypatch):
    data = zipped(*((f"{n}", "") for n in range(5)))
    assert len(list(members_of(data, Budget(1000)))) == 5
    monkeypatch.setattr(members, "MAX_PARTS", 4)
    with pytest.raises(DataError, match="more than 4 files"):
        list(members_of(data, Budget(1000)))
    # A table of contents of a million entries isn't walked through at all.
    monkeypatch.setattr(members, "_MAX_CONTENTS_BYTES", 10)
    monkeypatch.setattr(members.zipfile, "ZipFile", None)
    with pytest.raises(DataError, match="files"):
        list(members_of(data, Budget(1000)))


def test_one_budget_for_an_archive_and_those_in_it(monkeypatch):
    monkeypatch.setattr(members, "MAX_UNPACKED_BYTES", 10)
    budget = Budget(1000)
    (member,) = members_of(zipped(("a", "x" * 6)), budget)
    assert member.read() == b"x" * 6
    with pytest.raises(DataError, match="unpacks"):
        list(members_of(zipped(("a", "x" * 6)), budget))
    with pytest.raises(DataError, match="unpacks"):
        list(members_of(gzip.compress(b"x" * 11), Budget(1000)))


def test_names_are_those_of_the_archive_itself_not_of_one_in_it():
    assert zipped_names(zipped(("a.zip", zipped(("word/document.xml", "x"))))) == {"a.zip"}
    assert zipped_names(b"PK\x03\x04") == zipped_names(b"") == frozenset()
    assert is_archive(zipped())
    assert not is_archive(b"PKzip")


def test_a_member_that_is_broken_says_so():
    data = bytearray(zipped(("a.txt", "x" * 1000)))
    data[40] ^= 0xFF
    (member,) = members_of(bytes(data), Budget(1000))
    with pytest.raises(DataError, match="broken in its archive"):
        member.read()
