"""What each protection level promises, in the words that people read where they choose one."""

from dataclasses import dataclass

from knowledge_vault.values import Protection, SealedLimits

_MOST_CHUNKS = SealedLimits().chunks
_RUNNING = (
    "the administrator of the running server, or a copy of its memory: to answer, it has to read",
    "counts, sizes and times: how many documents and passages there are, and when some were added or deleted",
)


@dataclass(frozen=True)
class Promise:
    protection: Protection
    title: str
    promise: str
    """What holds."""
    index: str
    """What lies at rest to be searched, and what that tells."""
    does_not_protect_against: tuple[str, ...]
    most_chunks: int | None
    """How many passages such a vault can hold; None for no limit of its own."""


PROMISES = (
    Promise(
        Protection.STANDARD,
        "Standard",
        "Your text is encrypted; the search index is scrambled. Whoever has a stolen disk, a snapshot, a backup or "
        "the database, but not the root key, cannot read documents, passages, file names or chats.",
        "The index holds no text. It does hold which passages are near each other and which share words: that raises "
        "the cost of guessing at what they say, and guarantees nothing. Disk encryption under it is advised.",
        (
            *_RUNNING,
            "somebody who can add documents to the vault and look at the index: what he added helps him to guess",
        ),
        None,
    ),
    Promise(
        Protection.SEALED,
        "Sealed",
        "Your text is encrypted, and nothing that could be searched lies on the disk. Whoever has the disk, a "
        "snapshot, a backup or the database, but not the root key, learns neither text nor how passages relate.",
        "There is no index at rest. The vault is opened into memory when it is first searched, and closed again when "
        f"it is not used; while it is closed it is unreadable. It holds at most {_MOST_CHUNKS:,} passages, and is "
        "for one machine.",
        _RUNNING,
        _MOST_CHUNKS,
    ),
)
"""Every level, the default first."""
