"""What is inside a zip: looked over before anything is unpacked, and, for archives of files, read member by member."""

import io
import zipfile
from collections.abc import Callable
from pathlib import PurePosixPath

from knowledge_vault.errors import (
    DocumentLocked,
    DocumentRefused,
    DocumentTooLarge,
    DocumentUnreadable,
    DocumentWithoutText,
)
from knowledge_vault.parsing.kinds import DOCX, EPUB, ODT, PPTX, XLSX, ZIP, ZIPPED
from knowledge_vault.parsing.parsed import Parsed
from knowledge_vault.parsing.reading.joining import Named, joined
from knowledge_vault.values import Limits

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SMALL = 10 * 2**20
"""Unpacking to this much is never a bomb, however well it was packed."""
_PASSED_OVER = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")
_SIGNS = {DOCX: "word/document.xml", PPTX: "ppt/presentation.xml", XLSX: "xl/workbook.xml"}
_MOST_NAMED = 20

ReadMember = Callable[[str, bytes], Parsed]


def kind_of_zip(content: bytes, *, name: str, media_type: str, limits: Limits) -> str:
    """The media type that the members tell, once they are found to be within the limits.

    Raises:
        DocumentTooLarge: it unpacks to too much.
        DocumentLocked: its members are encrypted.
        DocumentUnreadable: it is no zip, or lacks the part that its kind must have.
    """
    called = ZIPPED.get(media_type, "ZIP")
    if content.startswith(_OLE):
        raise DocumentLocked(name)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            mimetype = b""
            if "mimetype" in archive.namelist() and archive.getinfo("mimetype").file_size < 200:
                mimetype = archive.read("mimetype").strip()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise DocumentUnreadable(name, reason=f"this {called} is damaged") from error
    _check(members, len(content), name, limits)
    names = {member.filename for member in members}
    found = next((kind for kind, sign in _SIGNS.items() if sign in names), None)
    if found is None and mimetype.decode("ascii", "replace") in (ODT, EPUB):
        found = mimetype.decode()
    if found is None and "META-INF/container.xml" in names:
        found = EPUB
    if found is None and media_type != ZIP:
        raise DocumentUnreadable(name, reason=f"this {called} has no text part")
    if any(member.flag_bits & 1 for member in members):
        raise DocumentLocked(name)
    return found or ZIP


def _check(members: list[zipfile.ZipInfo], packed: int, name: str, limits: Limits) -> None:
    unpacked = sum(member.file_size for member in members)
    if len(members) > limits.archive_members or unpacked > limits.archive_bytes:
        raise DocumentTooLarge(
            name,
            reason=f"it unpacks to {unpacked // 2**20:,} MiB in {len(members):,} parts, as a zip bomb does",
        )
    if unpacked > _SMALL and unpacked > limits.archive_ratio * packed:
        raise DocumentTooLarge(
            name, reason=f"it unpacks to {unpacked // packed:,} times its size, as a zip bomb does"
        )


def read_zip(content: bytes, *, name: str, limits: Limits, read_member: ReadMember) -> Parsed:
    """Every file that can be read, under its path; a remark names those that cannot.

    Raises:
        DocumentRefused: none of them can.
    """
    read: list[Named] = []
    unread: list[str] = []
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.infolist():
            path = shown_path(member.filename)
            if member.is_dir() or path.startswith(_PASSED_OVER[0]) or path.endswith(_PASSED_OVER[1:]):
                continue
            try:
                read.append(Named(path, read_member(path, _unpacked(archive, member, name))))
            except DocumentTooLarge as error:
                unread.append(f"{path} (too large: {error.reason})")
            except DocumentRefused as error:
                unread.append(f"{path} ({error.title.lower()})")
    if not read:
        if not unread:
            raise DocumentWithoutText(name)
        raise DocumentUnreadable(name, reason=f"none of its files can be read: {_listed(unread)}")
    count = len(read) + len(unread)
    remarks = (f"{len(unread)} of its {count} files could not be read: {_listed(unread)}.",) if unread else ()
    return joined(read, remarks=remarks, name=name, limits=limits)


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> bytes:
    try:
        with archive.open(member) as file:
            content = file.read(member.file_size + 1)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise DocumentUnreadable(name, reason="this part of the archive is damaged") from error
    except Exception as error:
        if type(error).__module__ in ("zlib", "lzma"):
            raise DocumentUnreadable(name, reason="this part of the archive is damaged") from error
        raise
    return content


def shown_path(path: str) -> str:
    """A member's path as a heading: printable, without the steps by which an archive leaves its folder."""
    steps = PurePosixPath(path.replace("\\", "/").replace("\0", "")).parts
    kept = [step for step in steps if step.strip("/") not in ("", "..", ".") and not step.endswith(":")]
    shown = "".join(c if c.isprintable() else " " for c in "/".join(kept))
    return shown[-200:] or "file"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
