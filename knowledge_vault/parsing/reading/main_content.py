"""The main part of a page of the web: without menus, headers, footers and notices, with its headings and tables.

The library judges blocks by what they are and are called, and writes no tables: those of the main part are kept aside,
each behind a mark that nobody can guess, and put back where it kept the mark. The only home of resiliparse.
"""

import html
import re
import secrets

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import ElementNode, ElementNodeList, HTMLTree

_LEAST_LETTERS = 200
_LEAST_SHARE = 0.1
"""Of the letters on the whole page. With less the page is read whole: leaving a menu in loses nothing."""
_MOST_TABLES = 2_000


def main_content(markup: str) -> str | None:
    """Reduced markup of the page's main part; None when there is too little of it to be all that matters."""
    try:
        tree = HTMLTree.parse(markup)
    except ValueError:
        return None
    if tree.body is None or tree.document is None:
        return None
    letters = _letters(extract_plain_text(tree, main_content=False))
    mark = secrets.token_hex(8)
    tables = _set_aside(tree, tree.document.query_selector_all("table"), mark)
    found = extract_plain_text(
        tree, preserve_formatting="minimal_html", main_content=True, comments=True, alt_texts=False
    )
    for number, table in enumerate(tables):
        found = found.replace(f"{mark}-{number}-", f"\n{table}\n")
    kept = _letters(re.sub(r"<[^>]*>", " ", found))
    if kept < _LEAST_LETTERS or kept < _LEAST_SHARE * letters:
        return None
    return found


def _set_aside(tree: HTMLTree, tables: ElementNodeList, mark: str) -> list[str]:
    """Put a mark in the place of each table that shows data; what only lays a page out stays."""
    kept: list[str] = []
    for table in tables[:_MOST_TABLES]:
        place, stand_in = table.parent, tree.create_element("p")
        if place is None or stand_in is None or not _shows_data(table):
            continue
        stand_in.text = f"{mark}-{len(kept)}-"
        kept.append(_plain(table))
        place.replace_child(stand_in, table)
    return kept


def _shows_data(table: ElementNode) -> bool:
    if table.query_selector("table") is not None or table.query_selector("h1, h2, h3") is not None:
        return False
    rows = [row.query_selector_all("th, td") for row in table.query_selector_all("tr")]
    return len(rows) >= 2 and max(map(len, rows)) >= 2


def _plain(table: ElementNode) -> str:
    """The table's cells as they are read, and nothing else of it."""
    rows = "".join(
        "<tr>"
        + "".join(
            f"<{cell.tag}>{html.escape(_words(cell))}</{cell.tag}>"
            for cell in row.query_selector_all("th, td")
        )
        + "</tr>"
        for row in table.query_selector_all("tr")
    )
    caption = table.query_selector("caption")
    above = f"<p>{html.escape(_words(caption))}</p>" if caption is not None else ""
    return f"{above}<table>{rows}</table>"


def _words(node: ElementNode) -> str:
    return " ".join((node.text or "").split())


def _letters(text: str) -> int:
    return sum(character.isalnum() for character in text)
