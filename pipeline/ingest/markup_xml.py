"""Markup that stands in XML as elements, back as HTML: names without namespaces, nothing self-closed but what HTML closes itself."""

from xml.etree.ElementTree import Element

_VOID = ("br", "img", "hr", "input", "source", "embed")


def inner_html(element: Element) -> str:
    """What stands inside an element."""
    pieces: list[str] = [escaped(element.text)]
    for child in element:
        pieces.append(outer_html(child))
        pieces.append(escaped(child.tail))
    return "".join(pieces)


def outer_html(element: Element) -> str:
    """An element with its attributes; "" for comments and instructions."""
    if not isinstance(element.tag, str):
        return ""
    name = element.tag.rpartition("}")[2]
    attributes = "".join(
        f' {key.rpartition("}")[2]}="{escaped(value).replace(chr(34), "&quot;")}"' for key, value in element.attrib.items()
    )
    inner = inner_html(element)
    return f"<{name}{attributes}>" if name in _VOID and not inner else f"<{name}{attributes}>{inner}</{name}>"


def escaped(text: str | None) -> str:
    """A text as HTML writes it.

    >>> escaped("2 < 3"), escaped(None)
    ('2 &lt; 3', '')
    """
    return (text or "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
