"""What each owner mode promises, in the words that are shown where it is chosen."""

from dataclasses import dataclass

from knowledge_vault.values import OwnerMode


@dataclass(frozen=True)
class Promise:
    mode: OwnerMode
    title: str
    who_opens: str
    protects: str
    does_not_protect: str


PROMISES = (
    Promise(
        OwnerMode.ALWAYS,
        "Always on",
        "This server opens the vault by itself, with its root key, also after a restart.",
        "A stolen disk, backup or database cannot be read without the root key, which is kept elsewhere.",
        "Whoever runs this server, or breaks into it while it runs, can read the vault. "
        "Your agents answer at any time.",
    ),
    Promise(
        OwnerMode.SESSION,
        "Open for a session",
        "Only you, with a passphrase or a printed recovery code, for 1 to 24 hours. A restart locks it.",
        "While it is locked nobody can read it, not even whoever runs this server: no key that opens it is kept here. "
        "The search index stays scrambled, not encrypted. Backups from before this mode was chosen open as before.",
        "While it is open, the server and its model see the text. Locked, your agents cannot use it and new files "
        "wait. Without passphrase and recovery code it is lost for good: nobody can reset them.",
    ),
    Promise(
        OwnerMode.GRANT,
        "Granted until a date",
        "As above, and this server by itself until a date that you set, also after a restart.",
        "After that date, or once you revoke the grant, this server throws its key away; revoking replaces the key.",
        "Until then it is as open as a vault that is always on. A dishonest server could keep what it read, or the key "
        "that it had.",
    ),
)
"""While an agent answers from a vault, whatever its mode, the server and its model see the passages it uses."""
