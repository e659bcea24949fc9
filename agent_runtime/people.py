"""What people say to a run that asks them, and how a step lets go of the run until they have.

Who is asked, where the request is kept and how a person is told is the backend's.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from agent_runtime.events import PersonAsked

Whom: TypeAlias = Literal["asker", "owner"]
"""The person who asked the agent, or the one whose agent it is."""


@dataclass(frozen=True)
class PersonSaid:
    """What became of one request to a person."""

    decision: Literal["approved", "rejected", "timed_out"]
    value: str = ""
    """What was approved, as the person left it."""
    note: str = ""
    """What they wrote beside it."""


class AwaitsPerson(BaseException):
    """The run cannot go on before people have answered. Like being cancelled it is no failure: nothing recovers it."""

    def __init__(self, *asked: PersonAsked) -> None:
        super().__init__("The run waits for a person.")
        self.asked = asked
