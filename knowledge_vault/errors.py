"""What can go wrong in the vault.

VaultError
├── NotFound                 no such vault, document or passage for this tenant; foreign ones look the same
├── DocumentRefused          the file cannot be taken in; repeating with the same file does not help
│   ├── DocumentEmpty            it has no bytes
│   ├── DocumentTooLarge         it, or what it unpacks to, is over a limit
│   ├── DocumentKindUnknown      not a kind that we read
│   ├── DocumentUnreadable       damaged
│   ├── DocumentLocked           protected by a password
│   ├── DocumentWithoutText      nothing but pictures, or nothing at all
│   └── VaultFull                the vault, being sealed, can hold no more
├── PageRefused              a web address that is not fetched, whatever lies there
├── PageUnavailable          a web page could not be fetched: repeating may help
├── VaultUnavailable         a part did not answer: repeating may help
│   └── IndexDamaged             a vault's index on the disk cannot be read: it is built again
├── VaultLocked              its owner holds the key, and has not opened it: unlock, then repeat
├── UnlockRefused            not the passphrase or recovery code of this vault
├── ModeRefused              the owner mode cannot be changed like that now
├── DiskFull                 no room for what has to be written: repeating helps once there is
├── SealBroken               sealed bytes were altered, moved, or belong to another key
│   └── DocumentDamaged          one document's; the others are not affected
├── RootKeyUnusable          the root key cannot be had, so nothing sealed can be opened
│   ├── KeyFileUnusable          its file is missing, misplaced, too open, or holds another key
│   ├── PassphraseUnusable       too short, or protected by unsafe parameters
│   ├── PassphraseWrong          not the one the root key is sealed under
│   ├── KeyringUnusable          this machine has no keyring that answers
│   ├── KeyServiceUnavailable    the external key service does not answer: repeating may help
│   └── KeyServiceRefused        it answers, and says no
├── CodeUnreadable           a recovery code with letters missing or mistyped
├── RecoveryRefused          the recovery code is not the current one of this data
├── ModelFileUnusable        the embedding model is missing or not the pinned one
└── RerankerFailed           the reranker gave no scores; a search keeps its own order then
    └── RerankerUnusable         its folder holds none that loads
"""

from pathlib import Path


class VaultError(Exception):
    """The root of this package's errors."""


class NotFound(VaultError):
    """No such thing for this tenant: what belongs to others is not told apart from what never was."""

    def __init__(self, what: str, id: str) -> None:  # noqa: A002  # the word the reader expects
        super().__init__(
            f"There is no {what} {id!r}. It may have been deleted; look at the list and pick again."
        )
        self.what, self.id = what, id


class DocumentRefused(VaultError):
    """A file that cannot become a document; `title` names the trouble, the message says what to do."""

    title = "Refused"

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(detail)
        self.name, self.detail = name, detail


class DocumentEmpty(DocumentRefused):
    title = "Empty file"

    def __init__(self, name: str) -> None:
        super().__init__(name, f"{name!r} is empty. Check that it was saved and add it again.")


class DocumentTooLarge(DocumentRefused):
    title = "Too large"

    def __init__(self, name: str, *, reason: str) -> None:
        super().__init__(name, f"{name!r} is too large: {reason}. Split it into smaller files and add those.")
        self.reason = reason


class DocumentKindUnknown(DocumentRefused):
    title = "Unknown kind of file"

    def __init__(self, name: str) -> None:
        super().__init__(
            name,
            f"{name!r} is not a kind of file that can be read here. "
            "Save it as PDF, DOCX, PPTX, XLSX, ODT, HTML, Markdown, plain text or CSV and add it again.",
        )


class DocumentUnreadable(DocumentRefused):
    title = "Damaged file"

    def __init__(self, name: str, *, reason: str) -> None:
        super().__init__(
            name,
            f"Cannot read {name!r}: {reason}. "
            "Open it in the program that made it, save it again as PDF, DOCX or text, and add that.",
        )
        self.reason = reason


class DocumentLocked(DocumentRefused):
    title = "Protected by a password"

    def __init__(self, name: str) -> None:
        super().__init__(
            name, f"{name!r} is protected by a password. Save a copy without the password and add that."
        )


class DocumentWithoutText(DocumentRefused):
    title = "No text found"

    def __init__(self, name: str, *, reason: str = "") -> None:
        super().__init__(
            name,
            f"{name!r} holds no text, only pictures or blank pages. "
            + (reason or "Run text recognition (OCR) over it and add the result."),
        )
        self.reason = reason


class PageRefused(VaultError):
    def __init__(self, url: str, *, reason: str) -> None:
        super().__init__(
            f"{url[:300]!r} is not fetched: {reason}. Give the address of a page on the public web."
        )
        self.url, self.reason = url, reason


class PageUnavailable(VaultError):
    """`status`: what its server answered, if it did; `retry_after_s`: when it asked to be asked again; `reached`: False
    where nothing can have been sent."""

    def __init__(
        self,
        url: str,
        *,
        reason: str,
        status: int | None = None,
        retry_after_s: int | None = None,
        reached: bool = True,
    ) -> None:
        super().__init__(
            f"{url[:300]!r} could not be fetched: {reason}. Try again later, or save it and add the file."
        )
        self.url, self.reason = url, reason
        self.status, self.retry_after_s, self.reached = status, retry_after_s, reached


class VaultFull(DocumentRefused):
    title = "Vault is full"

    def __init__(self, count: int, *, most: int, name: str = "") -> None:
        super().__init__(
            name,
            f"A sealed vault holds at most {most:,} passages, and this one would hold {count:,}. "
            "Put the rest into another vault, or give this one standard protection.",
        )
        self.count, self.most = count, most


class VaultUnavailable(VaultError):
    """A part of the vault did not answer; repeating may help."""


class IndexDamaged(VaultUnavailable):
    """The engine could not work with what lies on the disk. Nothing is lost: the index is made of the documents."""

    def __init__(self) -> None:
        super().__init__(
            "The search index could not be read. It is rebuilt from the documents: try again in a moment."
        )


class VaultLocked(VaultError):
    """Nobody has to wait for it: nothing is lost, and what was under way goes on after unlocking."""

    def __init__(self, vault: str) -> None:
        super().__init__(
            "This vault is locked: its owner holds the key. "
            "Unlock it with the passphrase or the recovery code, then repeat."
        )
        self.facts = {"vault_id": vault}


class UnlockRefused(VaultError):
    def __init__(self, kind: str) -> None:
        what = "recovery code" if kind == "code" else "passphrase"
        super().__init__(f"This is not the {what} of this vault. Nothing was changed; try again.")


class ModeRefused(VaultError):
    """The owner mode cannot be changed like that now; the message says what to do."""


class DiskFull(VaultError):
    """There is no room on the disk; nothing is lost, and work under way goes on once there is."""

    def __init__(self) -> None:
        super().__init__(
            "The disk with the data folder is full. Nothing is lost: make room, and what waits goes on by itself."
        )


class SealBroken(VaultError):
    """Sealed bytes do not open: altered, cut short, moved from elsewhere, or sealed under another key."""

    def __init__(self) -> None:
        super().__init__(
            "Sealed data did not open: it was altered, moved, or sealed under another key. "
            "Restore it from a backup, or check that the root key is the right one."
        )


class DocumentDamaged(SealBroken):
    """A document whose sealed bytes were altered; it has been put away."""

    def __init__(self, name: str) -> None:
        VaultError.__init__(
            self,
            f"{name!r} was altered or lost on the disk, and is shown no more. Retry it: it is taken in again from "
            "its sealed original. If that fails too, delete it and add it again.",
        )
        self.name = name


class RootKeyUnusable(VaultError):
    """The root key cannot be had as things are set; the message says what to do."""


class PassphraseUnusable(RootKeyUnusable):
    """A passphrase that may not be used, or may not be used as it is kept."""


class PassphraseWrong(RootKeyUnusable):
    def __init__(self) -> None:
        super().__init__("This is not the passphrase. Nothing was changed; try again.")


class KeyringUnusable(RootKeyUnusable):
    """The operating system's keyring cannot be used; the message says why."""


class KeyServiceUnavailable(RootKeyUnusable):
    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The key service that holds the root key cannot be used: {reason}. "
            "Check QANAT_TRANSIT_URL and that the service is up and unsealed, then try again."
        )
        self.reason = reason


class KeyServiceRefused(RootKeyUnusable):
    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The key service refused: {reason}. Check the token in QANAT_TRANSIT_TOKEN_FILE, that its policy "
            "allows encrypt and decrypt with the key QANAT_TRANSIT_KEY, and that this key still exists."
        )
        self.reason = reason


class CodeUnreadable(VaultError):
    def __init__(self) -> None:
        super().__init__(
            "This is no recovery code: it has eight groups of four letters and digits. Compare it with your copy."
        )


class RecoveryRefused(VaultError):
    """A recovery code that does not open this data; the message says why."""


class KeyFileUnusable(RootKeyUnusable):
    def __init__(self, path: Path, *, reason: str, remedy: str) -> None:
        super().__init__(f"The root key {path} cannot be used: {reason}. {remedy}")
        self.path, self.reason = path, reason


class ModelFileUnusable(VaultError):
    def __init__(self, path: Path, *, reason: str) -> None:
        super().__init__(
            f"The embedding model {path} cannot be used: {reason}. Run `make prepare` to fetch it again."
        )
        self.path, self.reason = path, reason


class RerankerFailed(VaultError):
    def __init__(self, name: str, *, reason: str) -> None:
        super().__init__(f"The reranker {name} gave no scores: {reason}. Searches keep their own order.")
        self.reason = reason


class RerankerUnusable(RerankerFailed):
    def __init__(self, path: Path, *, reason: str) -> None:
        super().__init__(path.name, reason=reason)
        self.args = (
            f"The reranker {path} cannot be used: {reason}. Searches keep their own order until the server is given "
            "the folder of a cross-encoder.",
        )
        self.path = path
