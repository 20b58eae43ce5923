"""XML is opened safely, whatever stands around it, and its root tells what it is."""

import pytest

from pipeline.ingest.items import SniffedFile
from pipeline.ingest.xml_files import MAX_XML_DEPTH, parse_xml, root_name, tag_of
from schemas.errors import DataError

ROOTS = {
    b"<quiz>": "quiz",
    b'\xef\xbb\xbf<?xml version="1.0"?>\n\n<!-- a - b --><quiz x="1">': "quiz",
    b"\n  <?xml version='1.0'?><?pi a?b?><ns0:assessmentItem>": "assessmentitem",
    b'<!DOCTYPE questestinterop SYSTEM "a.dtd"><questestinterop>': "questestinterop",
    b'<!DOCTYPE q [<!ENTITY a "b">]><q>': "q",
    b"<qti-assessment-item>": "assessmentitem",
    '\ufeff<?xml version="1.0" encoding="UTF-16"?><quiz>'.encode("utf-16-le"): "quiz",
    b"question,A,B\n<b>,x,y": "",
    b"": "",
    b"2 < 3": "",
}


@pytest.mark.parametrize("data", ROOTS)
def test_the_root_element(data):
    assert root_name(SniffedFile(data, ".xml", "")) == ROOTS[data]


def test_a_text_in_markdown_may_begin_with_a_tag():
    assert root_name(SniffedFile(b"<quiz>\nWhich?\n</quiz>", ".md", "")) == ""
    assert root_name(SniffedFile(b'<?xml version="1.0"?><quiz>', ".md", "")) == "quiz"


SOUND = {
    "blank_line_first": "\n\n<?xml version='1.0'?><a>x\u00a0y</a>",
    "html_entity": "<a>x&nbsp;y</a>",
    "document_type": '<!DOCTYPE a PUBLIC "-//X//Y" "x.dtd"><a>x\u00a0y</a>',
    "encoding_that_is_none": '<?xml version="1.0" encoding="x-odd"?><a>x\u00a0y</a>',
    "cdata": "<a><![CDATA[x\u00a0y]]></a>",
}


@pytest.mark.parametrize("name", SOUND)
def test_what_is_read_all_the_same(name):
    assert parse_xml(SOUND[name].encode()).text == "x\u00a0y"


def test_cdata_keeps_its_entities_where_others_are_resolved():
    assert parse_xml(b"<a><![CDATA[&nbsp;]]>&eacute;&amp;nbsp;&lt;&hellip;</a>").text == "&nbsp;é&nbsp;<…"


def test_the_encoding_of_the_file_is_told_where_it_names_another():
    assert parse_xml('<?xml version="1.0" encoding="utf-8"?><a>caf\u00e9 cr\u00e8me</a>'.encode("latin-1")).text == "café crème"


REFUSED = {
    "billion_laughs": '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>',
    "outer_file": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "laughs_and_nbsp": '<!DOCTYPE a [<!ENTITY c "ha">]><a>&nbsp;&c;</a>',
    "cut": "<a><b>",
    "deep": "<a>" * (MAX_XML_DEPTH + 5) + "</a>" * (MAX_XML_DEPTH + 5),
    "very_deep": "<a>" * 100_000,
    "nothing": "",
}


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_and_broken_xml_is_refused_in_words(name):
    with pytest.raises(DataError, match="not a readable XML file"):
        parse_xml(REFUSED[name].encode())


def test_an_unknown_entity_shows_as_it_is_written():
    assert parse_xml(b"<a>x &unheardof; y</a>").text == "x &unheardof; y"


def test_names_without_namespaces():
    assert [tag_of(child) for child in parse_xml(b'<a xmlns:q="u"><q:simpleChoice/><qti-simple-choice/><!-- x --></a>')] == [
        "simplechoice"
    ] * 2


LIKE = {
    "<question_categories/>": "Moodle course backup",
    "<manifest/>": "content package",
    "<rss/>": "news feed",
    "<somethingelse/>": "no kind of question file",
}


@pytest.mark.parametrize("content", LIKE)
def test_another_root_is_named_and_what_it_looks_like(read, content):
    _, (row,) = read(content, "a.xml")
    assert row["reason_codes"] == ["unreadable_file"]
    assert LIKE[content] in row["detail"]
    assert content[1:-2] in row["detail"]
    assert "<questestinterop>" in row["detail"]
