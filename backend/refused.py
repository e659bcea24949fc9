"""Why a data folder is not opened. Imports nothing heavy: every command knows it."""


class DataFromLaterVersion(Exception):
    """The data folder was written by a newer Qanat; nothing was changed."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"This data folder was written by a newer Qanat (schema {revision}). Install that version again, "
            "or use another QANAT_DATA_DIR. Nothing was changed."
        )


class DatabaseRefused(Exception):
    """The database that the settings name cannot be used. Its message holds no password."""
