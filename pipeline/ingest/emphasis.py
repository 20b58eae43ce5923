"""Markdown inside a field: emphasis, links and headings as plain text. Code, formulas and line ends stay as they are written."""

import re

_FENCE = re.compile(r"[ \t]*+(`{3,}|~{3,})")
_INLINE = re.compile(
    r"(?P<keep>``[^`\n]++``|`[^`\n]++`|\$\$[^$]++\$\$|\$[^$\n]++\$|\\\((?:[^\n\\]|\\[^()\n]){0,300}+\\\))"
    r"|(?P<image>!\[[^\]\n]{0,300}\]\([^()\n]{0,500}\)(?:\{[^{}\n]{0,100}\})?)"
    r"|\[(?P<link>[^\[\]\n]{1,300})\]\((?:https?:)?[^()\s]{0,500}\)"
    r"|\*\*(?=[^\s*])(?P<bold>[^*\n]++)(?<=\S)\*\*|(?<!\w)__(?=[^\s_])(?P<bold_>[^_\n]++)(?<=\S)__(?!\w)"
    r"|\*(?=[^\s*])(?P<it>[^*\n]++)(?<=\S)\*|(?<!\w)_(?=[^\s_])(?P<it_>[^_\n]++)(?<=\S)_(?!\w)"
    r"|\\(?P<sign>[*_`#\[\]<>~!|$])"
)
_HEADING = re.compile(r"(?m)^[ \t]{0,3}#{1,6}[ \t]+")


def plain_markdown(text: str) -> str:
    """
    >>> plain_markdown("# Look\\n**Which** is *not* `a*b*c` or $x_1$, [see](http://x.y)?")
    'Look\\nWhich is not `a*b*c` or $x_1$, see?'
    """
    done: list[str] = []
    prose: list[str] = []
    fence = ""

    def flush() -> None:
        if prose:
            done.append(_HEADING.sub("", _INLINE.sub(_shown, "\n".join(prose))))
            prose.clear()

    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if fence:
            done.append(line)
            if mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        elif mark:
            flush()
            fence = mark[1]
            done.append(line)
        else:
            prose.append(line)
    flush()
    return "\n".join(done)


def _shown(match: re.Match[str]) -> str:
    if match["image"]:
        return "[image]"
    return next((match[name] for name in ("keep", "link", "bold", "bold_", "it", "it_", "sign") if match[name] is not None), match[0])
