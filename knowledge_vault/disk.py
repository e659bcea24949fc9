"""Tell a full disk from other trouble: nothing is wrong with the document, and it goes on once there is room."""

import errno

_SAID_BY_LIBRARIES = ("disk is full", "no space left on device", "database or disk is full")


def is_disk_full(error: BaseException) -> bool:
    """Whether the error, or one that led to it, is a full disk or a used-up quota."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if any(words in str(seen).lower() for words in _SAID_BY_LIBRARIES):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
