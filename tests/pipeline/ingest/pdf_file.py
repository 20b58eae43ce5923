"""Small PDF files written by hand: text at places of a page, lines, coloured areas, pictures and curves."""


class Page:
    """Operators of a page of 595 x 842 points; characters are half as wide as they are high."""

    def __init__(self, *lines, left=60, top=780, leading=16, size=12):
        self.content, self.chars = [], set()
        self.y = top
        for line in lines:
            self.text(line, left, self.y, size)
            self.y -= leading

    def text(self, text, x, y, size=12, font="F1", color=(0, 0, 0), mode=0, turned=False):
        matrix = f"0 1 -1 0 {x} {y}" if turned else f"1 0 0 1 {x} {y}"
        red, green, blue = color
        self.chars.update(text)
        self.content.append(("text", text, f"BT {red} {green} {blue} rg {mode} Tr /{font} {size} Tf {matrix} Tm ", " Tj ET"))
        return self

    def rule(self, x, y, width, height=0.8):
        return self.area(x, y, width, height, (0, 0, 0))

    def area(self, x, y, width, height, color):
        self.content.insert(0, ("raw", "{} {} {} rg {} {} {} {} re f".format(*color, x, y, width, height)))
        return self

    def table(self, x, y, widths, rows, height=20):
        """Rows of cells with rules around each, from the top left corner down."""
        for number, row in enumerate(rows):
            bottom, left = y - (number + 1) * height, x
            for width, cell in zip(widths, row, strict=True):
                for line, text in enumerate(cell.split("\n")):
                    self.text(text, left + 4, bottom + height - 13 - 13 * line, 10)
                self.content.append(("raw", f"{left} {bottom} {width} {height} re S"))
                left += width
        return self

    def curve(self, x, y, width, height):
        self.content.append(("raw", f"{x} {y} m {x} {y + height} {x + width} {y + height} {x + width} {y} c S"))
        return self

    def picture(self, x, y, width, height):
        self.content.append(("raw", f"q {width} 0 0 {height} {x} {y} cm /I1 Do Q"))
        return self


def pdf(*pages, fonts=("Helvetica", "Helvetica-Bold"), to_unicode=None, more="", page_more=""):
    """The file. `to_unicode` changes what the fonts say that their characters are."""
    pages = [page if isinstance(page, Page) else Page(*page) for page in pages]
    chars = sorted(set().union(*(page.chars for page in pages)))
    # Codes that have a glyph: what draws nothing is no text for PDFium.
    visible = [*range(33, 127), *range(161, 256)]
    codes = {" ": 32} | dict(zip([char for char in chars if char != " "], visible, strict=False))
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", b""]
    pairs = "\n".join(f"<{code:02x}> <{(to_unicode or str)(char).encode('utf-16-be').hex()}>" for char, code in codes.items())
    cmap = f"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /x def 1 begincodespacerange <00> <ff> endcodespacerange\n{len(codes)} beginbfchar\n{pairs}\nendbfchar endcmap end end"
    objects[2] = _stream(cmap.encode(), "")
    names = []
    for number, font in enumerate(fonts, start=1):
        objects.append(
            f"<< /Type /Font /Subtype /TrueType /BaseFont /{font} /FirstChar 0 /LastChar 255 /Widths [{'500 ' * 256}] /ToUnicode 3 0 R /Encoding /WinAnsiEncoding >>".encode()
        )
        names.append(f"/F{number} {len(objects)} 0 R")
    objects.append(
        _stream(b"\xc8\x20\x20", "/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceRGB /BitsPerComponent 8 ")
    )
    image = len(objects)
    kids = []
    for page in pages:
        operators = [
            one[1] if one[0] == "raw" else f"{one[2]}<{bytes(codes[char] for char in one[1]).hex()}>{one[3]}" for one in page.content
        ]
        objects.append(_stream("\n".join(operators).encode(), ""))
        resources = f"<< /Font << {' '.join(names)} >> /XObject << /I1 {image} 0 R >> >>"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources {resources} /Contents {len(objects)} 0 R {page_more} >>".encode()
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    return _file(objects, more)


def _stream(data, entries):
    return f"<< {entries}/Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream"


def _file(objects, more):
    data, places = b"%PDF-1.4\n", []
    for number, found in enumerate(objects, start=1):
        places.append(len(data))
        data += f"{number} 0 obj\n".encode() + found + b"\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    trailer = f"trailer << /Size {len(objects) + 1} /Root 1 0 R {more} >>\nstartxref\n{len(data)}\n%%EOF\n"
    return data + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{trailer}".encode()
