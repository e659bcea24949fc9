"""Slow down who guesses secrets: ten tries in five minutes, then waiting."""

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from backend.errors import TooManyTries

_MINUTES = 5
_RATE = RateLimitItemPerMinute(10, _MINUTES)


class Tries:
    """Counts tries, right ones too, by whom they are counted for; in memory."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def take(self, *whom: str, to: str) -> None:
        """One of each. `to`: what is tried, such as "sign in".

        Raises:
            TooManyTries: one of `whom` has none left.
        """
        for who in whom:
            if not self._limiter.hit(_RATE, who):
                raise TooManyTries(f"Too many tries to {to}. Wait five minutes.", retry_after_s=60 * _MINUTES)
