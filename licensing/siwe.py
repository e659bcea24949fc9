"""Sign-in with a wallet (EIP-4361): write the message, read it back strictly, and check who signed it. Pure.

The message is one that we wrote, so the check is not "is it a valid EIP-4361 message" alone but "is it the
one we asked for": our domain, our address on the web, our chain, our nonce, now. Keeping nonces and burning
each after one use is the backend's part. Wallets that are contracts (ERC-1271) are not read here.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from eth_utils.address import is_checksum_address
from eth_utils.crypto import keccak

from licensing.errors import SignInRefused
from licensing.signing import BadSignature, recover
from licensing.values import Address

CLOCK_SKEW = timedelta(minutes=2)
"""How far a wallet's idea of now may be ahead of ours."""
MESSAGE_LIFE = timedelta(minutes=5)
_MOST_CHARACTERS = 4000
_GREETING = " wants you to sign in with your Ethereum account:"
_AUTHORITY = re.compile(
    r"(?:[A-Za-z0-9._~!$&'()*+,;=:%-]*@)?(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.~%-]+)(?::\d{1,5})?"
)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_STATEMENT = re.compile(r"[A-Za-z0-9 :/?#\[\]@!$&'()*+,;=._~-]+")
_NONCE = re.compile(r"[A-Za-z0-9]{8,64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%-]*")


@dataclass(frozen=True, slots=True)
class SignInMessage:
    """The fields of EIP-4361, in its order; `text` is what the wallet shows and signs."""

    domain: str
    address: Address
    uri: str
    chain_id: int
    nonce: str
    issued_at: str
    """RFC 3339, kept as written: the signature is over its letters."""
    statement: str | None = None
    expiration_time: str | None = None
    not_before: str | None = None
    request_id: str | None = None
    resources: tuple[str, ...] | None = None

    def text(self) -> str:
        lines = [f"{self.domain}{_GREETING}", self.address, ""]
        lines += [self.statement, ""] if self.statement is not None else [""]
        lines += [
            f"URI: {self.uri}",
            "Version: 1",
            f"Chain ID: {self.chain_id}",
            f"Nonce: {self.nonce}",
            f"Issued At: {self.issued_at}",
        ]
        if self.expiration_time is not None:
            lines.append(f"Expiration Time: {self.expiration_time}")
        if self.not_before is not None:
            lines.append(f"Not Before: {self.not_before}")
        if self.request_id is not None:
            lines.append(f"Request ID: {self.request_id}")
        if self.resources is not None:
            lines += ["Resources:", *(f"- {resource}" for resource in self.resources)]
        return "\n".join(lines)


def write_message(
    *, domain: str, address: Address, uri: str, chain_id: int, nonce: str, now: datetime, statement: str
) -> str:
    """The message to be signed; it is good for five minutes."""
    return SignInMessage(
        domain=domain,
        address=address,
        uri=uri,
        chain_id=chain_id,
        nonce=nonce,
        statement=statement,
        issued_at=_written(now),
        expiration_time=_written(now + MESSAGE_LIFE),
    ).text()


def read_message(text: str) -> SignInMessage:
    """Read a message strictly by EIP-4361's grammar.

    Raises:
        SignInRefused: a line is missing, out of order, misspelt or holds what it may not.
    """
    if len(text) > _MOST_CHARACTERS:
        raise SignInRefused("The sign-in message is too long. Start signing in again.")
    lines = _Lines(text)
    domain = lines.next("domain", suffix=_GREETING, like=_AUTHORITY)
    if "." not in domain and ":" not in domain and domain != "localhost":
        raise _malformed("domain")
    address = lines.next("address")
    if not is_checksum_address(address):
        raise _malformed("address: it must be spelt with its checksum")
    lines.next_empty()
    statement = None
    if lines.peek() != "":
        statement = lines.next("statement", like=_STATEMENT)
    lines.next_empty()
    uri = lines.next("URI", prefix="URI: ", like=_URI)
    lines.next("Version", prefix="Version: ", like=re.compile("1"))
    chain_id = lines.next("Chain ID", prefix="Chain ID: ", like=re.compile(r"[1-9]\d{0,18}"))
    nonce = lines.next("Nonce", prefix="Nonce: ", like=_NONCE)
    issued_at = lines.next("Issued At", prefix="Issued At: ", like=_TIME)
    expiration_time = lines.next_if("Expiration Time: ", like=_TIME)
    not_before = lines.next_if("Not Before: ", like=_TIME)
    request_id = lines.next_if("Request ID: ", like=_REQUEST_ID)
    resources = None
    if lines.peek() == "Resources:":
        lines.next("Resources")
        resources = tuple(iter(lambda: lines.next_if("- ", like=_URI), None))
    lines.end()
    for moment in (issued_at, expiration_time, not_before):
        if moment is not None:
            _moment(moment)
    return SignInMessage(
        domain=domain,
        address=Address(address),
        statement=statement,
        uri=uri,
        chain_id=int(chain_id),
        nonce=nonce,
        issued_at=issued_at,
        expiration_time=expiration_time,
        not_before=not_before,
        request_id=request_id,
        resources=resources,
    )


def verify_sign_in(
    text: str, signature: str, *, domain: str, origin: str, chain_id: int, nonce: str, now: datetime
) -> Address:
    """Who signed in. `origin` is our address on the web, such as `https://qanat.example`.

    Raises:
        SignInRefused: the message is not the one we asked for, is too old, or was signed by another wallet.
    """
    message = read_message(text)
    if message.domain != domain or _origin(message.uri) != _origin(origin):
        raise SignInRefused(
            f"The message is for {message.domain}, and this is {domain}. Sign in only on the page you meant."
        )
    if message.chain_id != chain_id:
        raise SignInRefused(
            f"The message is for chain {message.chain_id}; switch your wallet to chain {chain_id} and repeat."
        )
    if message.nonce != nonce:
        raise SignInRefused("This sign-in was used before or is not ours. Start signing in again.")
    issued_at = _moment(message.issued_at)
    expires_at = _moment(message.expiration_time) if message.expiration_time else issued_at + MESSAGE_LIFE
    begins_at = _moment(message.not_before) if message.not_before else issued_at
    if issued_at > now + CLOCK_SKEW or begins_at > now + CLOCK_SKEW:
        raise SignInRefused("The message is dated in the future. Set your device's clock and repeat.")
    if now >= expires_at or now - issued_at > MESSAGE_LIFE + CLOCK_SKEW:
        raise SignInRefused("The message has expired. Start signing in again.")
    if signer_of(text, signature) != message.address:
        raise SignInRefused(
            f"The signature is not by {message.address}. Choose that account in your wallet and repeat."
        )
    return message.address


def signer_of(text: str, signature: str) -> Address | None:
    """Who signed `text` as a personal message (EIP-191); None when the signature is none."""
    content = text.encode()
    digest = keccak(b"\x19Ethereum Signed Message:\n" + str(len(content)).encode() + content)
    try:
        return recover(digest, bytes.fromhex(signature.removeprefix("0x")))
    except (BadSignature, ValueError):
        return None


class _Lines:
    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._at = 0

    def peek(self) -> str | None:
        return self._lines[self._at] if self._at < len(self._lines) else None

    def next(
        self, name: str, *, prefix: str = "", suffix: str = "", like: re.Pattern[str] | None = None
    ) -> str:
        line = self.peek()
        if line is None or not line.startswith(prefix) or not line.endswith(suffix):
            raise _malformed(name)
        self._at += 1
        value = line[len(prefix) : len(line) - len(suffix)]
        if like is not None and like.fullmatch(value) is None:
            raise _malformed(name)
        return value

    def next_if(self, prefix: str, *, like: re.Pattern[str]) -> str | None:
        line = self.peek()
        if line is None or not line.startswith(prefix):
            return None
        return self.next(prefix.rstrip(": "), prefix=prefix, like=like)

    def next_empty(self) -> None:
        if self.next("empty line") != "":
            raise _malformed("empty line")

    def end(self) -> None:
        if self.peek() is not None:
            raise _malformed(f"line {self._at + 1}: nothing may follow")


def _malformed(where: str) -> SignInRefused:
    return SignInRefused(f"The sign-in message is not well formed ({where}). Start signing in again.")


def _moment(written: str) -> datetime:
    try:
        return datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _malformed("a date that does not exist") from None


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _origin(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    return parts.scheme.lower(), parts.netloc.lower()
