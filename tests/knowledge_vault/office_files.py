"""Office files, books and letters made by hand, small and just right for their readers."""

import struct
import zlib
from collections.abc import Sequence
from email.message import EmailMessage

from tests.knowledge_vault.making import a_zip

_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SLIDE = "http://schemas.openxmlformats.org/presentationml/2006/main"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_ODF = "urn:oasis:names:tc:opendocument:xmlns"

Rows = Sequence[Sequence[str]]


def _types(*overrides: tuple[str, str]) -> str:
    parts = "".join(
        f'<Override PartName="{part}" ContentType="application/vnd.openxmlformats-officedocument.{kind}+xml"/>'
        for part, kind in overrides
    )
    return (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{parts}</Types>'
    )


def _relations(*targets: tuple[str, str]) -> str:
    each = "".join(
        f'<Relationship Id="r{number}" Type="{_OFFICE}/relationships/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{each}</Relationships>'


def an_xlsx(sheets: dict[str, Rows]) -> bytes:
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": _types(
            ("/xl/workbook.xml", "spreadsheetml.sheet.main"),
            *(
                (f"/xl/worksheets/sheet{number}.xml", "spreadsheetml.worksheet")
                for number in range(1, len(sheets) + 1)
            ),
        ),
        "_rels/.rels": _relations(("officeDocument", "xl/workbook.xml")),
        "xl/_rels/workbook.xml.rels": _relations(
            *(("worksheet", f"worksheets/sheet{number}.xml") for number in range(1, len(sheets) + 1))
        ),
        "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}/relationships"><sheets>'
        + "".join(
            f'<sheet name="{name}" sheetId="{number}" r:id="r{number}"/>'
            for number, name in enumerate(sheets, start=1)
        )
        + "</sheets></workbook>",
    }
    for number, rows in enumerate(sheets.values(), start=1):
        lines = "".join(
            f'<row r="{row}">'
            + "".join(
                f'<c r="{chr(65 + column)}{row}" t="inlineStr"><is><t>{cell}</t></is></c>'
                for column, cell in enumerate(cells)
            )
            + "</row>"
            for row, cells in enumerate(rows, start=1)
        )
        members[f"xl/worksheets/sheet{number}.xml"] = (
            f'<worksheet xmlns="{_SHEET}"><sheetData>{lines}</sheetData></worksheet>'
        )
    return a_zip(members)


def a_pptx(*slides: tuple[str, str]) -> bytes:
    """A title and a text a slide."""
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": _types(
            ("/ppt/presentation.xml", "presentationml.presentation.main"),
            *(
                (f"/ppt/slides/slide{number}.xml", "presentationml.slide")
                for number in range(1, len(slides) + 1)
            ),
        ),
        "_rels/.rels": _relations(("officeDocument", "ppt/presentation.xml")),
        "ppt/_rels/presentation.xml.rels": _relations(
            *(("slide", f"slides/slide{number}.xml") for number in range(1, len(slides) + 1))
        ),
        "ppt/presentation.xml": f'<p:presentation xmlns:p="{_SLIDE}" xmlns:r="{_OFFICE}/relationships">'
        "<p:sldIdLst>"
        + "".join(f'<p:sldId id="{255 + number}" r:id="r{number}"/>' for number in range(1, len(slides) + 1))
        + "</p:sldIdLst></p:presentation>",
    }
    for number, (title, text) in enumerate(slides, start=1):
        shapes = "".join(
            f'<p:sp><p:nvSpPr><p:cNvPr id="{place}" name="x"/><p:cNvSpPr/><p:nvPr>{holder}</p:nvPr></p:nvSpPr>'
            f"<p:spPr/><p:txBody><a:bodyPr/><a:p><a:r><a:t>{words}</a:t></a:r></a:p></p:txBody></p:sp>"
            for place, holder, words in (
                (2, '<p:ph type="title"/>', title),
                (3, '<p:ph idx="1"/>', text),
            )
        )
        members[f"ppt/slides/slide{number}.xml"] = (
            f'<p:sld xmlns:p="{_SLIDE}" xmlns:a="{_DRAWING}"><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>'
        )
    return a_zip(members)


def an_odt(heading: str, *paragraphs: str, table: Rows = ()) -> bytes:
    rows = "".join(
        "<table:table-row>"
        + "".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in row)
        + "</table:table-row>"
        for row in table
    )
    body = f'<text:h text:outline-level="1">{heading}</text:h>' + "".join(
        f"<text:p>{paragraph}</text:p>" for paragraph in paragraphs
    )
    body += f"<table:table>{rows}</table:table>" if rows else ""
    names = " ".join(f'xmlns:{short}="{_ODF}:{short}:1.0"' for short in ("office", "text", "table"))
    kind = "application/vnd.oasis.opendocument.text"
    return a_zip(
        {
            "mimetype": kind,
            "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{_ODF}:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>',
            "content.xml": f"<office:document-content {names}><office:body><office:text>{body}</office:text>"
            "</office:body></office:document-content>",
        }
    )


def an_epub(title: str, chapters: dict[str, str]) -> bytes:
    items = "".join(
        f'<item id="c{number}" href="c{number}.xhtml" media-type="application/xhtml+xml"/>'
        for number in range(len(chapters))
    )
    order = "".join(f'<itemref idref="c{number}"/>' for number in range(len(chapters)))
    members: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
        'version="1.0"><rootfiles><rootfile full-path="book.opf" media-type="application/oebps-package+xml"/>'
        "</rootfiles></container>",
        "book.opf": '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></metadata>'
        f"<manifest>{items}</manifest><spine>{order}</spine></package>",
    }
    for number, (heading, text) in enumerate(chapters.items()):
        members[f"c{number}.xhtml"] = (
            f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>{heading}</title></head>'
            f"<body><h1>{heading}</h1><p>{text}</p></body></html>"
        )
    return a_zip(members)


def an_rtf(*paragraphs: str) -> bytes:
    def escaped(text: str) -> str:
        return "".join(c if ord(c) < 128 else f"\\u{ord(c)}?" for c in text)

    return ("{\\rtf1\\ansi\\deff0 " + "\\par\n".join(map(escaped, paragraphs)) + "\\par}").encode("ascii")


def a_letter(
    subject: str, text: str, *, html: str = "", attachments: dict[str, bytes] | None = None
) -> bytes:
    letter = EmailMessage()
    letter["From"] = "Ana <ana@bees.example>"
    letter["To"] = "Bo <bo@hives.example>"
    letter["Date"] = "Mon, 02 Nov 2026 09:00:00 +0000"
    letter["Subject"] = subject
    letter.set_content(text)
    if html:
        letter.add_alternative(html, subtype="html")
    for name, content in (attachments or {}).items():
        letter.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return letter.as_bytes()


def a_scanned_pdf(*pages: tuple[int, int, bytes]) -> bytes:
    """A picture a page: width, height and a byte of grey per dot."""
    parts: list[bytes] = []

    def add(body: bytes) -> None:
        parts.append(body)

    add(b"<< /Type /Catalog /Pages 2 0 R >>")
    kids = " ".join(f"{3 + 3 * number} 0 R" for number in range(len(pages)))
    add(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode())
    for number, (width, height, dots) in enumerate(pages):
        at = 3 + 3 * number
        add(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /XObject << /P {at + 2} 0 R >> >> "
            f"/Contents {at + 1} 0 R >>".encode()
        )
        drawing = f"q 595 0 0 {595 * height / width:.0f} 0 400 cm /P Do Q".encode()
        add(f"<< /Length {len(drawing)} >>\nstream\n".encode() + drawing + b"\nendstream")
        packed = zlib.compress(dots)
        add(
            f"<< /Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceGray "
            f"/BitsPerComponent 8 /Filter /FlateDecode /Length {len(packed)} >>\nstream\n".encode()
            + packed
            + b"\nendstream"
        )
    data = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(parts, start=1):
        places.append(len(data))
        data += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(parts) + 1
    trailer = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n"
    return data + f"{trailer}startxref\n{len(data)}\n%%EOF\n".encode()


def a_png_head() -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + bytes(800)
