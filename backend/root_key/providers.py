"""What keeps the root key, as the settings say, and where a passphrase comes from."""

import getpass
import sys
from collections.abc import Callable
from pathlib import Path

from backend.clock import Clock
from backend.database import Database
from backend.settings import Settings
from knowledge_vault.errors import KeyServiceRefused, PassphraseUnusable, RootKeyUnusable
from knowledge_vault.keys.key_file import KeyFile
from knowledge_vault.keys.os_keyring import OsKeyring
from knowledge_vault.keys.passphrase import Passphrase
from knowledge_vault.keys.provider import RootKeyProvider
from knowledge_vault.keys.root import RootKeeper
from knowledge_vault.keys.transit import Transit


def keeper_of(settings: Settings, database: Database, clock: Clock) -> RootKeeper:
    """The keeper of the data folder's root key, not opened yet."""
    return RootKeeper(database, provider_of(settings, settings.root_key_provider), clock)


def provider_of(settings: Settings, kind: str, *, new_passphrase_file: Path | None = None) -> RootKeyProvider:
    """The provider of this kind. `new_passphrase_file`: where a passphrase to be chosen comes from, instead.

    Raises:
        RootKeyUnusable: a setting that it needs is missing.
    """
    if kind == Passphrase.kind:
        return Passphrase(_ask_passphrase(settings, new_passphrase_file))
    if kind == OsKeyring.kind:
        return OsKeyring(str(settings.data_dir.resolve()))
    if kind == Transit.kind:
        if not settings.transit_url:
            raise RootKeyUnusable(
                "The provider 'transit' needs the service's address: set QANAT_TRANSIT_URL."
            )
        return Transit(
            settings.transit_url,
            key_name=settings.transit_key,
            mount=settings.transit_mount,
            token=lambda: _read_token(settings.transit_token_file),
        )
    return KeyFile(settings.root_key_file, data_dir=settings.data_dir)


def _ask_passphrase(settings: Settings, new_passphrase_file: Path | None) -> Callable[[bool], str]:
    chosen: list[str] = []

    def ask(is_new: bool) -> str:
        path = new_passphrase_file if is_new and new_passphrase_file else settings.root_passphrase_file
        if chosen:
            return chosen[-1]
        if path is not None:
            return _passphrase_in(path, settings.data_dir)
        if not sys.stdin.isatty():
            raise PassphraseUnusable(
                "The root key is sealed under a passphrase, and there is no terminal to ask for it. "
                "Start in a terminal, or name a file that holds it with QANAT_ROOT_PASSPHRASE_FILE."
            )
        if not is_new:
            return getpass.getpass("Passphrase of the root key: ")
        first = getpass.getpass("New passphrase for the root key: ")
        if getpass.getpass("The same again: ") != first:
            raise PassphraseUnusable("The two passphrases differ. Nothing was changed; try again.")
        chosen.append(first)
        return first

    return ask


def _passphrase_in(path: Path, data_dir: Path) -> str:
    if path.resolve().is_relative_to(data_dir.resolve()):
        raise PassphraseUnusable(
            f"The passphrase file {path} lies inside the data folder, where a stolen copy of the data would have "
            "it too. Name a file elsewhere with QANAT_ROOT_PASSPHRASE_FILE."
        )
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise PassphraseUnusable(f"The passphrase file {path} cannot be read: {error.strerror}.") from error


def _read_token(path: Path | None) -> str:
    if path is None:
        raise RootKeyUnusable("The provider 'transit' needs a token: set QANAT_TRANSIT_TOKEN_FILE.")
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise KeyServiceRefused(f"the token file {path} cannot be read ({error.strerror})") from error
