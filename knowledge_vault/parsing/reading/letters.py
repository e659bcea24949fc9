"""E-mail: who, when, about what; the text; and every attachment, read where it can be and named where not."""

from email import message_from_bytes, policy
from email.message import EmailMessage

from knowledge_vault.errors import DocumentRefused, DocumentUnreadable
from knowledge_vault.parsing.parsed import Parsed
from knowledge_vault.parsing.reading.archives import ReadMember, shown_path
from knowledge_vault.parsing.reading.joining import Named, joined
from knowledge_vault.parsing.reading.office import read_html
from knowledge_vault.parsing.reading.text import clean, decode
from knowledge_vault.values import Limits

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_MOST_PARTS = 500


def read_letter(content: bytes, *, name: str, limits: Limits, read_member: ReadMember) -> Parsed:
    """Raises:
    DocumentUnreadable: it has none of a letter's headers.
    """
    letter = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
    headers = {header: _header(letter, header) for header in _HEADERS}
    if not any(headers.values()):
        raise DocumentUnreadable(name, reason="it has neither sender nor subject, as a letter must")
    lines = [f"{header}: {value}" for header, value in headers.items() if value]
    body = _body(letter, name)
    files, unread = _attachments(letter, read_member)
    if files or unread:
        lines.append("Attachments: " + ", ".join([file.title for file in files] + unread))
    text = Parsed(f"{chr(10).join(lines)}\n\n{body.text}", (), body.structure)
    remarks = [f"Attachments that were not read: {', '.join(unread)}."] if unread else []
    return joined(
        [
            Named("", Parsed(text.text, (), "markdown" if body.structure == "markdown" else "plain")),
            *(Named(f"Attachment {file.title}", file.parsed) for file in files),
        ],
        remarks=remarks,
        name=name,
        limits=limits,
    )


def _header(letter: EmailMessage, header: str) -> str:
    try:
        value = str(letter.get(header, ""))
    except Exception:  # the standard library's own parsers of headers fail on many malformed ones
        value = next((str(raw) for key, raw in letter.raw_items() if key.lower() == header.lower()), "")
    return " ".join(clean(value).split())[:1000]


def _body(letter: EmailMessage, name: str) -> Parsed:
    part = letter.get_body(preferencelist=("plain", "html"))
    if part is None or not isinstance(part, EmailMessage):
        return Parsed("", (), "plain")
    text = _text(part, name)
    if part.get_content_subtype() == "html":
        return read_html(text, name=name)
    return Parsed(text, (), "plain")


def _text(part: EmailMessage, name: str) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    charset = part.get_content_charset() or ""
    try:
        return clean(content.decode(charset))
    except (LookupError, UnicodeDecodeError):
        return decode(content, name)


def _attachments(letter: EmailMessage, read_member: ReadMember) -> tuple[list[Named], list[str]]:
    read: list[Named] = []
    unread: list[str] = []
    for number, part in enumerate(_parts(letter), start=1):
        if number > _MOST_PARTS:
            unread.append(f"all after the first {_MOST_PARTS}")
            break
        title = shown_path(part.get_filename() or f"attachment {number}")
        content: object = part.get_payload(decode=True)
        if part.get_content_type() == "message/rfc822":
            inner = part.get_payload(0) if part.is_multipart() else None
            content = inner.as_bytes() if isinstance(inner, EmailMessage) else None
            title = title if title.endswith(".eml") else f"{title}.eml"
        if not isinstance(content, bytes):
            unread.append(title)
            continue
        try:
            read.append(Named(title, read_member(title, content)))
        except DocumentRefused as error:
            unread.append(f"{title} ({error.title.lower()})")
    return read, unread


def _parts(letter: EmailMessage) -> list[EmailMessage]:
    try:
        return [part for part in letter.iter_attachments() if isinstance(part, EmailMessage)]
    except (AttributeError, KeyError, TypeError, ValueError):  # says it has parts, and has none
        return []
