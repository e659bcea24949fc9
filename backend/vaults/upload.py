"""Read a multipart upload file by file as it arrives, so that no plain byte of it touches the disk.

(Starlette's own form parser spools larger files into a temporary file, readable to whoever has the disk.)
"""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from fastapi import Request
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from backend.errors import Invalid


@dataclass
class UploadedFile:
    """One file of the upload. Read `chunks()` to its end before asking for the next file."""

    name: str
    media_type: str | None
    _reader: "_Reader"

    async def chunks(self) -> AsyncIterator[bytes]:
        async for chunk in self._reader.part_data():
            yield chunk


class _Reader:
    """Turns the parser's callbacks into a queue of what happened."""

    def __init__(self, request: Request, boundary: bytes) -> None:
        self._stream = request.stream().__aiter__()
        self._happened: deque[tuple[str, bytes]] = deque()
        self._ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": lambda: self._happened.append(("begin", b"")),
                "on_part_data": lambda data, start, end: self._happened.append(("data", data[start:end])),
                "on_part_end": lambda: self._happened.append(("end", b"")),
                "on_header_field": lambda data, start, end: self._happened.append(("field", data[start:end])),
                "on_header_value": lambda data, start, end: self._happened.append(("value", data[start:end])),
                "on_header_end": lambda: self._happened.append(("header", b"")),
                "on_headers_finished": lambda: self._happened.append(("headers", b"")),
            },
        )

    async def next(self) -> tuple[str, bytes] | None:
        while not self._happened:
            if self._ended:
                return None
            try:
                chunk = await anext(self._stream)
                self._parser.write(chunk)
            except StopAsyncIteration:
                self._ended = True
            except MultipartParseError as error:
                raise Invalid("The upload is not a well-formed multipart form.") from error
        return self._happened.popleft()

    async def part_data(self) -> AsyncIterator[bytes]:
        """The bytes of the part we are in, up to its end.

        Raises:
            Invalid: the upload broke off before the file's end.
        """
        while True:
            item = await self.next()
            if item is None:
                raise Invalid("The upload broke off before the end of the file. Send it again.")
            what, data = item
            if what == "end":
                return
            if what == "data":
                yield data


async def uploaded_files(request: Request) -> AsyncIterator[UploadedFile]:
    """The files of a `multipart/form-data` request, one after the other; other fields are passed over.

    Raises:
        Invalid: the request is no such form, or broke off.
    """
    media_type, options = parse_options_header(request.headers.get("Content-Type", ""))
    boundary = options.get(b"boundary")
    if media_type != b"multipart/form-data" or not boundary:
        raise Invalid("Send the files as multipart/form-data in the field `files`.")
    reader = _Reader(request, boundary)
    while True:
        headers = await _headers(reader)
        if headers is None:
            return
        _, disposition = parse_options_header(headers.get("content-disposition", b""))
        if b"filename" in disposition:
            name = disposition[b"filename"].decode("utf-8", "replace")
            kind = headers.get("content-type")
            file = UploadedFile(name, kind.decode("latin-1") if kind else None, reader)
            yield file
        else:
            async for _ in reader.part_data():
                pass


async def _headers(reader: _Reader) -> dict[str, bytes] | None:
    """The headers of the next part, names in lower case; `None` at the end of the form."""
    headers: dict[str, bytes] = {}
    field, value = b"", b""
    while True:
        item = await reader.next()
        if item is None:
            return None
        what, data = item
        if what == "field":
            field += data
        elif what == "value":
            value += data
        elif what == "header":
            headers[field.decode("latin-1").lower()] = value
            field, value = b"", b""
        elif what == "headers":
            return headers
