"""Elements of XML back as HTML."""

from xml.etree.ElementTree import fromstring

from pipeline.ingest.markup_xml import inner_html, outer_html


def test_names_lose_their_namespaces_and_texts_stay_escaped():
    element = fromstring('<a xmlns:h="u"><h:p class="x &quot;y&quot;">2 &lt; 3<h:br/>&amp;<!-- c --></h:p>tail<h:span/></a>')
    assert inner_html(element) == '<p class="x &quot;y&quot;">2 &lt; 3<br>&amp;</p>tail<span></span>'
    assert outer_html(element).startswith("<a><p")
