# /// script
# requires-python = ">=3.11"
# dependencies = ["fpdf2==2.8.9"]
# ///
"""Write the PDF and DOCX samples from `sources/`: `.venv/bin/uv run samples/make_samples.py`.

Needed only after a source was changed; the results are committed. The same sources give the same bytes: dates
are fixed and nothing is random. The PDFs carry the letters they use of DejaVu Sans (fonts-dejavu-core), so
that Cyrillic shows and can be searched everywhere. The sources are a small part of Markdown: `#` and `##`
headings, paragraphs, `-` lists, tables, and `---` for a new page.
"""

import argparse
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from fpdf import FPDF

HERE = Path(__file__).resolve().parent
WRITTEN_AT = datetime(2025, 11, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Block:
    kind: str
    """heading1, heading2, paragraph, bullet, table or page."""
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


def blocks_of(source: str) -> Iterator[Block]:
    rows: list[tuple[str, ...]] = []
    for line in [*source.splitlines(), ""]:
        if line.startswith("|"):
            cells = tuple(cell.strip() for cell in line.strip("|").split("|"))
            if not all(re.fullmatch(r"-+", cell) for cell in cells):
                rows.append(cells)
            continue
        if rows:
            yield Block("table", rows=tuple(rows))
            rows = []
        if line == "---":
            yield Block("page")
        elif line.startswith("## "):
            yield Block("heading2", line[3:])
        elif line.startswith("# "):
            yield Block("heading1", line[2:])
        elif line.startswith("- "):
            yield Block("bullet", line[2:])
        elif line:
            yield Block("paragraph", line)


def write_pdf(source: str, path: Path, *, fonts: Path, language: str) -> None:
    pdf = FPDF(format="A4", unit="mm")
    pdf.set_creation_date(WRITTEN_AT)
    pdf.set_producer("samples/make_samples.py")
    pdf.set_lang(language)
    pdf.add_font("sans", "", fonts / "DejaVuSans.ttf")
    pdf.add_font("sans", "B", fonts / "DejaVuSans-Bold.ttf")
    pdf.set_margins(22, 20)
    pdf.set_auto_page_break(True, margin=20)
    pdf.add_page()
    for block in blocks_of(source):
        match block.kind:
            case "page":
                pdf.add_page()
            case "heading1":
                pdf.set_font("sans", "B", 17)
                pdf.multi_cell(0, 9, block.text, new_x="LMARGIN", new_y="NEXT")
                pdf.ln(3)
                if pdf.page == 1:
                    pdf.set_title(block.text)
            case "heading2":
                pdf.ln(2)
                pdf.set_font("sans", "B", 12.5)
                pdf.multi_cell(0, 7, block.text, new_x="LMARGIN", new_y="NEXT")
                pdf.ln(1)
            case "paragraph" | "bullet":
                pdf.set_font("sans", "", 10.5)
                mark = "•  " if block.kind == "bullet" else ""
                pdf.multi_cell(0, 5.6, mark + block.text, align="L", new_x="LMARGIN", new_y="NEXT")
                pdf.ln(1 if mark else 2.4)
            case _:
                raise ValueError(f"{path.name}: no {block.kind} in a PDF sample")
    pdf.output(str(path))


_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_STYLES = {"heading1": "Heading1", "heading2": "Heading2", "bullet": "ListBullet", "paragraph": "Normal"}


def write_docx(source: str, path: Path) -> None:
    body = "".join(_docx_block(block) for block in blocks_of(source))
    names = (
        ("Normal", "Normal"),
        ("Heading1", "heading 1"),
        ("Heading2", "heading 2"),
        ("ListBullet", "List Bullet"),
    )
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{id_}"><w:name w:val="{name}"/></w:style>'
        for id_, name in names
    )
    package = "http://schemas.openxmlformats.org/package/2006"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    word = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    rels = f'{head}<Relationships xmlns="{package}/relationships">'
    parts = {
        "[Content_Types].xml": f'{head}<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{word}.document.main+xml"/>'
        f'<Override PartName="/word/styles.xml" ContentType="{word}.styles+xml"/></Types>',
        "_rels/.rels": f'{rels}<Relationship Id="rId1" Type="{office}/officeDocument" '
        'Target="word/document.xml"/></Relationships>',
        "word/_rels/document.xml.rels": f'{rels}<Relationship Id="rId1" Type="{office}/styles" '
        'Target="styles.xml"/></Relationships>',
        "word/styles.xml": f'{head}<w:styles xmlns:w="{_W}">{styles}</w:styles>',
        "word/document.xml": f'{head}<w:document xmlns:w="{_W}"><w:body>{body}</w:body></w:document>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, WRITTEN_AT.timetuple()[:6]), content, zipfile.ZIP_DEFLATED)


def _docx_block(block: Block) -> str:
    if block.kind == "table":
        rows = "".join(
            "<w:tr>" + "".join(f"<w:tc>{_docx_paragraph(cell, 'Normal')}</w:tc>" for cell in row) + "</w:tr>"
            for row in block.rows
        )
        return f"<w:tbl>{rows}</w:tbl>"
    return _docx_paragraph(block.text, _STYLES[block.kind])


def _docx_paragraph(text: str, style: str) -> str:
    return (
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>'
        f'<w:r><w:t xml:space="preserve">{escape(text, quote=False)}</w:t></w:r></w:p>'
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the PDF and DOCX samples from samples/sources.")
    parser.add_argument("--fonts", type=Path, default=Path("/usr/share/fonts/truetype/dejavu"))
    fonts = parser.parse_args().fonts
    for source in sorted((HERE / "sources").glob("*.md")):
        text = source.read_text(encoding="utf-8")
        if source.stem in ("cooperative-handbook", "emergency-plan"):
            write_docx(text, HERE / "documents" / f"{source.stem}.docx")
        else:
            language = "ru" if source.stem.endswith("-ru") else "en"
            write_pdf(text, HERE / "documents" / f"{source.stem}.pdf", fonts=fonts, language=language)
        print(source.stem)


if __name__ == "__main__":
    main()
