"""The words of LaTeX that are known: what each does to the text that people see. All others stay as they are written."""

CODE = ("verbatim", "lstlisting", "minted", "Verbatim", "alltt", "semiverbatim", "code", "Sinput", "Soutput", "lstcode", "comment")
_MATH = "math displaymath equation align gather multline eqnarray alignat flalign dmath array cases matrix pmatrix bmatrix split".split()
MATH = frozenset([*_MATH, *(f"{name}*" for name in _MATH)])
PICTURES = frozenset(
    "tikzpicture pspicture pgfpicture picture asy asymptote circuitikz tikzcd pspicture* axis overpic chemfig forest mfpic luamplib".split()
)
ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "d": "\u0323", "b": "\u0331", "r": "\u030a", "k": "\u0328", "h": "\u0309",
}  # fmt: skip
SIGNS = {
    **{char: char for char in "%&#_{}$"}, " ": " ", "\n": " ", ",": " ", ";": " ", ":": " ", "!": "",
    "/": "", "-": "", "@": "",
    "ldots": "…", "dots": "…", "textellipsis": "…", "textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^",
    "textless": "<", "textgreater": ">", "textbar": "|", "textbraceleft": "{", "textbraceright": "}", "textdollar": "$",
    "textquotesingle": "'", "lbrace": "{", "rbrace": "}", "slash": "/", "textunderscore": "_", "textpercent": "%",
    "textdegree": "°", "degree": "°", "celsius": "°C", "texteuro": "€", "euro": "€", "pounds": "£", "textsterling": "£",
    "S": "§", "P": "¶",
    "copyright": "©", "textregistered": "®", "texttrademark": "™", "textmu": "µ", "texttimes": "×", "textpm": "±", "textdiv": "÷",
    "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł",
    "aa": "å", "AA": "Å", "i": "ı", "j": "ȷ",
    "dj": "đ", "DJ": "Đ", "th": "þ", "TH": "Þ", "dh": "ð", "ohorn": "ơ", "OHORN": "Ơ", "uhorn": "ư", "UHORN": "Ư",
    "textendash": "–", "textemdash": "—", "textquotedblleft": "“", "textquotedblright": "”", "textquoteleft": "‘", "textquoteright": "’",
    "guillemotleft": "«", "guillemotright": "»", "og": "« ", "fg": " »", "textbullet": "•", "LaTeX": "LaTeX", "TeX": "TeX",
    "quad": " ", "qquad": " ", "enspace": " ", "thinspace": " ", "space": " ", "hfill": " ", "hfil": " ", "nobreakspace": " ", "tab": " ",
    "par": "\n", "newline": "\n", "linebreak": "\n", "\\": "\n", "\\*": "\n", "tabularnewline": "\n",
    "blank": "____", "dotfill": "____", "hrulefill": "____", "answerline": "____", "underscore": "_", "ldotfill": "____",
}  # fmt: skip
# Commands that say how something looks: they go with so many arguments in braces, and with those in brackets.
DROPPED = {
    **dict.fromkeys(
        "noindent indent centering raggedright raggedleft smallskip medskip bigskip newpage clearpage pagebreak vfill relax"
        " protect tiny scriptsize footnotesize small normalsize large Large LARGE huge Huge bfseries itshape mdseries rmfamily"
        " sffamily ttfamily upshape scshape normalfont em bf it rm sf tt sc sl boldmath unboldmath displaystyle textstyle limits"
        " nolinebreak null phantomsection maketitle tableofcontents hline toprule midrule bottomrule appendix frontmatter"
        " mainmatter addpoints noaddpoints printanswers noprintanswers droppoints droptotalpoints lastchoices True dongkebang"
        " centerline leavevmode ignorespaces unskip allowbreak sloppy onehalfspacing doublespacing singlespacing columnbreak"
        " begingroup endgroup bgroup egroup makeatletter makeatother selectfont nopagebreak setcounter* protect* strut"
        " allowdisplaybreaks goodbreak break choice CorrectChoice correctchoice wrongchoice question part subpart CorrectAnswer"
        " multiSymbole explain shortans choiceTF choiceTFn motcot haicot boncot loigiai".split(),
        0,
    ),
    **dict.fromkeys(
        "vspace hspace vskip label index pagestyle thispagestyle usepackage documentclass fontsize color pagecolor"
        " bibliographystyle bibliography baremeDefautS selectlanguage vspace* hspace* fillwithlines fillwithdottedlines"
        " makeemptybox needspace enlargethispage bareme exname extype exsolution exshuffle extol expoints exsection exversion"
        " exextra exclozetype exstringtype setkeys hypersetup geometry tikzset pgfplotsset lstset graphicspath phantom hphantom"
        " vphantom scoring scoringDefaultS qformat pointname setlist stepcounter refstepcounter linespread moodleset".split(),
        1,
    ),
    **dict.fromkeys("setlength addtolength setcounter addtocounter titlespacing".split(), 2),
    **dict.fromkeys("newcommand renewcommand providecommand newcommand* renewcommand* DeclareMathOperator DeclareMathOperator*".split(), 2),
    **dict.fromkeys("definecolor newenvironment renewenvironment".split(), 3),
}
# The text stands in the second argument.
SECOND = ("textcolor", "colorbox", "href", "parbox", "raisebox", "foreignlanguage", "hyperref", "scalebox", "rotatebox")
WRAPPERS = frozenset(
    "textbf textit emph underline text textrm texttt textsf textsc textsl textup textmd textnormal mbox fbox makebox framebox"
    " uline uuline underbar enquote footnote caption section subsection subsubsection section* subsection* subsubsection*"
    " chapter chapter* paragraph paragraph* title author date heading immini imminiL immini* url nolinkurl textquote fullwidth"
    " bonusquestion titledquestion noquestion uppercase lowercase MakeUppercase MakeLowercase center highlight hl sout st code"
    " mathbox loigiai* element".split()
)
PICTURE_COMMANDS = frozenset("includegraphics includegraphics* includesvg tikz epsfig psfig includepdf epsfbox TikzPicture".split())
GAPS = ("fillin", "fillin*", "rule", "gap")
ARGUMENTS = ("tabular", "tabularx", "longtable", "tabulary", "multicols", "minipage", "wrapfigure", "adjustbox", "spacing")
TWO_ARGUMENTS = ("tabular*", "tabularx", "tabulary", "wrapfigure")
