"""Programs: their text as it is, and where functions, classes and the like begin, by the words that open them."""

import re

from knowledge_vault.parsing.parsed import Heading, Parsed

_BEFORE = (
    r"(?:(?:export|default|pub(?:\([^)\n]*\))?|public|private|protected|internal|static|final|abstract|async|unsafe|"
    r"override|virtual|open|sealed|inline|extern|partial|declare)[ \t]+)*"
)
_OPENS = (
    r"(?P<what>def|class|interface|struct|enum|trait|impl|fn|func|function\*?|fun|module|namespace|contract|library|"
    r"record|protocol|extension|type(?=[ \t]+\w+[^\n]*[={])|"
    r"(?i:create)[ \t]+(?:(?i:or[ \t]+replace)[ \t]+)?(?i:table|view|function|procedure|trigger|index))"
)
_NAME = r"[ \t]+(?P<receiver>\([^)\n]*\)[ \t]*)?(?P<name>[\w$.:<>, \t]*[\w$>])"
_NAMED = re.compile(rf"^(?P<indent>[ \t]*){_BEFORE}{_OPENS}{_NAME}", re.MULTILINE)
_CALLABLE = re.compile(
    r"^(?P<indent>)(?:export[ \t]+)?(?:const|let|var)[ \t]+(?P<name>[\w$]+)[^=\n]*=[ \t]*(?:async[ \t]*)?"
    r"(?:function\b|\([^)\n]*\)[^=\n]*=>|[\w$]+[ \t]*=>)"
    r"|^(?P<c>[A-Za-z_][\w \t*&:<>,~]*?[ \t*&]+[\w:~]+)[ \t]*\([^;{]*\)[^;{\n]*\n?\{",
    re.MULTILINE,
)
_NO_FUNCTION = re.compile(r"^(?:if|for|while|switch|return|else|do|case|typedef|using|new|delete|throw)\b")
_MOST_TITLE = 120


def read_code(text: str) -> Parsed:
    found: dict[int, tuple[int, str]] = {}
    for match in _NAMED.finditer(text):
        what = " ".join(match["what"].split()).rstrip("*")
        receiver = f"{match['receiver'].strip()} " if match["receiver"] else ""
        found[match.start()] = _width(match["indent"]), f"{what} {receiver}{match['name'].strip()}"
    for match in _CALLABLE.finditer(text):
        if match["c"] and _NO_FUNCTION.match(match["c"]):
            continue
        found.setdefault(match.start(), (0, " ".join((match["c"] or match["name"]).split())))
    outline: list[Heading] = []
    open_widths: list[int] = []
    for start in sorted(found):
        width, title = found[start]
        while open_widths and open_widths[-1] >= width:
            open_widths.pop()
        open_widths.append(width)
        outline.append(Heading(start, len(open_widths), title[:_MOST_TITLE]))
    return Parsed(text, (), "code", tuple(outline))


def _width(indent: str) -> int:
    return len(indent.expandtabs(4))
