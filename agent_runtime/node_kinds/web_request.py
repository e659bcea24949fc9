"""What a builder decides about one request to a web service, and how it becomes that request.

The same for the step that calls one and for the tools of an agent.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from agent_runtime.errors import OutsideRefused, OutsideUnavailable, OutsideUnsure
from agent_runtime.insertion import insert, unknown
from agent_runtime.insertion import names as inserted
from agent_runtime.node_kinds import places
from agent_runtime.node_kinds.declare import Fault
from agent_runtime.node_kinds.values import in_words
from agent_runtime.ports import SecretUse, WebAnswer, WebRequest, WebServices

REPEATABLE = frozenset({"GET", "PUT", "DELETE"})
"""Asking these twice is the same as asking once, says HTTP."""
_DECLINED = frozenset({425, 429, 503})
_LATE = frozenset({408, 500, 502, 504})
_READABLE = ("json", "xml", "text/", "javascript", "x-www-form-urlencoded")


class Header(BaseModel):
    """One header of a request."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field("Accept-Language", max_length=100, title="Name", description="As the service calls it.")
    value: str = Field(
        "",
        max_length=1_000,
        title="Value",
        description="In one line; {{text}} and named values may be inserted.",
        json_schema_extra={"format": "template"},
    )


class RequestFields(BaseModel):
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = Field(
        "GET",
        title="Method",
        description="GET reads. POST, PUT, PATCH and DELETE change something: see what the service says.",
    )
    address: str = Field(
        "https://",
        max_length=2_000,
        title="Address",
        description=(
            "Such as https://api.example.org/weather?city={{text}}. {{question}} inserts what was asked, {{text}} the "
            "words that arrive; named values go by their names. A value cannot change the host or the path around it."
        ),
        json_schema_extra={"format": "template"},
    )
    body_as: Literal["nothing", "json", "form", "text"] = Field(
        "nothing", title="Send", description="What the request carries besides its address."
    )
    body: str = Field(
        "",
        max_length=20_000,
        title="What to send",
        description=(
            'json: such as {"city": "{{text}}", "days": 3}; a value in quotes is sent as text, one without as what it '
            "is. form: such as city={{text}}&days=3. text: as it stands."
        ),
        json_schema_extra={"format": "template", "hidden_if": {"body_as": ["nothing"]}},
    )
    headers: list[Header] = Field(
        default_factory=list,
        max_length=20,
        title="Headers",
        description="Only where the service asks for them. Keys go into a secret, not here.",
        json_schema_extra={"format": "rows"},
    )
    secret: str = Field(
        "",
        max_length=60,
        title="Secret",
        description=(
            "A secret that you saved, sent along where the service wants a key. It goes to the hosts that it was saved "
            "for, and to nobody else; it is in no file, no test run and no prompt."
        ),
        json_schema_extra={"format": "secret"},
    )
    secret_as: Literal["bearer", "header", "parameter"] = Field(
        "bearer",
        title="Sent as",
        description=(
            "bearer: the header Authorization: Bearer …, which most services want. header: a header of another name. "
            "parameter: at the end of the address."
        ),
        json_schema_extra={"hidden_if": {"secret": [""]}},
    )
    secret_field: str = Field(
        "",
        max_length=100,
        title="Name of that header or parameter",
        description="Such as X-Api-Key or appid; nothing for bearer.",
        json_schema_extra={"hidden_if": {"secret": [""], "secret_as": ["bearer"]}},
    )
    answer_within_s: float = Field(
        10.0,
        ge=0.5,
        le=120.0,
        title="Seconds for the answer",
        description="What takes longer is given up, with all redirects and reading.",
    )
    most_kilobytes: int = Field(
        256, ge=1, le=5_000, title="Largest answer in kB", description="What is larger is refused, not cut."
    )
    repeatable: bool = Field(
        False,
        title="May be asked twice",
        description=(
            "For POST and PATCH: only where the service knows the header Idempotency-Key, which is always sent and "
            "stays the same when a step is tried again. Otherwise a request that may have arrived is not repeated."
        ),
        json_schema_extra={"hidden_if": {"method": ["GET", "PUT", "DELETE"]}},
    )

    def secret_use(self) -> SecretUse | None:
        return SecretUse(self.secret, self.secret_as, self.secret_field) if self.secret else None

    def secret_faults(self) -> Iterable[Fault]:
        if self.secret and self.secret_as == "header" and not places.is_header_name(self.secret_field):
            yield "secret_field_invalid", "Name the header that carries the secret, such as X-Api-Key."
        if self.secret and self.secret_as == "parameter" and not self.secret_field.isidentifier():
            yield "secret_field_invalid", "Name the parameter that carries the secret, such as appid."

    def inserted(self) -> list[str]:
        """The names that it inserts anywhere, each once."""
        return inserted(self.address + self.body + "".join(header.value for header in self.headers))


def find_faults(fields: RequestFields, known: Collection[str]) -> Iterable[Fault]:
    if fault := places.find_address_fault(fields.address):
        yield "address_invalid", f"The address cannot be used: {fault}"
    for header in fields.headers:
        if fault := places.find_header_fault(header.name, header.value):
            yield "header_invalid", fault
    if fields.body_as == "json" and (fault := places.find_json_fault(fields.body)):
        yield "body_invalid", f"“What to send” cannot be sent as JSON: {fault}"
    if fields.body_as != "nothing" and fields.method == "GET":
        yield "body_invalid", "GET carries nothing but its address: choose POST, or send nothing."
    yield from fields.secret_faults()
    for name in unknown(fields.address + fields.body + "".join(h.value for h in fields.headers), known):
        listed = ", ".join(f"{{{{{each}}}}}" for each in known)
        yield "insertion_unknown", f"{{{{{name}}}}} is not known here: use one of {listed}."


def build(fields: RequestFields, values: Mapping[str, Any], *, request_key: str) -> WebRequest:
    """The request with its values put in. `request_key` stays the same when it is made again.

    Raises:
        ValueUnfit: a value does not fit its place; nothing was sent.
    """
    said = {name: in_words(value) for name, value in values.items()}
    headers = [(each.name, places.header(each.name, each.value, said)) for each in fields.headers]
    body: bytes | None = None
    match fields.body_as:
        case "json":
            kind = "application/json"
            document = places.json_with(fields.body, values)
            body = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
        case "form":
            kind, body = "application/x-www-form-urlencoded", places.form(fields.body, said).encode()
        case "text":
            kind, body = "text/plain; charset=utf-8", insert(fields.body, said).encode("utf-8", "replace")
        case "nothing":
            kind, body = "", None if fields.method in ("GET", "DELETE") else b""
    named = {name.lower() for name, _ in headers}
    if kind and "content-type" not in named:
        headers.append(("Content-Type", kind))
    if "accept" not in named:
        headers.append(("Accept", "application/json, text/*;q=0.9, */*;q=0.1"))
    if fields.method != "GET":
        headers.append(("Idempotency-Key", request_key))
    return WebRequest(
        method=fields.method,
        url=places.address(fields.address, said),
        headers=tuple(headers),
        body=body,
        secret=fields.secret_use(),
        timeout_s=fields.answer_within_s,
        most_bytes=fields.most_kilobytes * 1_000,
    )


async def send(web: WebServices | None, request: WebRequest, *, repeatable: bool) -> WebAnswer:
    """What the service answered, if it did well.

    Raises:
        OutsideRefused: it may not be asked, or it says no.
        OutsideUnavailable: it did not answer, and asking again is safe.
        OutsideUnsure: it did not answer, and may have acted.
    """
    if web is None:
        raise OutsideRefused("This server calls no web services: its operator would have to allow it.")
    safe = repeatable or request.method in REPEATABLE
    try:
        answer = await web.call(request)
    except OutsideUnavailable as error:
        if error.sent and not safe:
            raise _unsure(str(error)) from error
        raise
    whose = host(request)
    if 200 <= answer.status < 300:
        return answer
    said = f"{whose} answered with status {answer.status}."
    if answer.status in _DECLINED:
        raise OutsideUnavailable(f"{said} It cannot answer now: ask again later.", sent=False)
    if answer.status in _LATE:
        raise OutsideUnavailable(f"{said} Ask again later.") if safe else _unsure(said)
    raise OutsideRefused(f"{said} {_ADVICE.get(answer.status, 'Check the address and what is sent.')}")


_ADVICE = {
    401: "It wants another key: check the secret of this step.",
    403: "It does not allow this: check the secret of this step and what it is for.",
    404: "There is nothing at this address: check it.",
    405: "It does not take this method: choose another.",
    413: "What was sent is too much for it: send less.",
}


def _unsure(said: str) -> OutsideUnsure:
    return OutsideUnsure(
        f"{said} It may have acted all the same, so it was not asked again: look there before you repeat this."
    )


def host(request: WebRequest) -> str:
    """Whom it asks, for errors: never the whole address, which may hold what somebody asked."""
    return urlsplit(request.url).hostname or "the web service"


def text_of(answer: WebAnswer, whose: str) -> str:
    """The body as words.

    Raises:
        OutsideRefused: it is no text.
    """
    told = answer.headers.get("content-type", "")
    kind, _, parameters = told.partition(";")
    kind = kind.strip().lower()
    if kind and not any(part in kind for part in _READABLE):
        raise OutsideRefused(f"{whose} sent {kind[:60]!r}, which is no text. Only text and JSON are taken.")
    charset = "utf-8"
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip('"').lower()
    try:
        return answer.body.decode(charset if charset in _CHARSETS else "utf-8", "replace")
    except LookupError:
        return answer.body.decode("utf-8", "replace")


_CHARSETS = frozenset(
    {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1", "windows-1252", "iso-8859-15", "utf-16"}
    | {"windows-1251", "koi8-r", "gb18030", "gbk", "gb2312", "big5", "shift_jis", "euc-jp", "euc-kr"}
)
"""Python knows codecs that unpack; only those that are letters are used."""


def trace(request: WebRequest) -> dict[str, Any]:
    """The request for the trace of a run. A secret is no part of it."""
    return {
        "method": request.method,
        "address": request.url,
        "headers": [list(header) for header in request.headers],
        "body": request.body.decode("utf-8", "replace")[:4_000] if request.body else "",
        "secret": request.secret.name if request.secret else "",
    }
