"""The line before a model: who is answered next, and how many are answered before.

People take turns. Whoever was served longest ago is next, so one person's ten questions do not keep another's one
waiting: it is answered after at most one of the ten. Knows nothing of models.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator

from agent_runtime.errors import ModelUnavailable

MOST_WAITING = 256
MOST_WAITING_EACH = 32
"""Of one person: several people's floods must come together before anybody else is turned away."""


class Turn:
    """One reply's place in the line, from joining it to leaving it."""

    def __init__(self, line: "FairLine", person: str) -> None:
        self.person = person
        self.is_served = False
        self.ahead = 0
        """How many replies are begun or finished before this one."""
        self._line = line
        self._changed = asyncio.Event()

    async def places(self) -> AsyncGenerator[int, None]:
        """How many are ahead, now and whenever that changes, down to 0 when it is this one's turn.

        Says nothing at all where there is nothing to wait for.
        """
        told = 0
        while not self.is_served:
            if self.ahead != told:
                told = self.ahead
                yield told
            self._changed.clear()
            if not self.is_served and self.ahead == told:
                await self._changed.wait()
        if told:
            yield 0

    def leave(self) -> None:
        """Make room for the next: the reply has ended, or nobody waits for it any more. May be repeated."""
        self._line._leave(self)

    def _move(self, ahead: int, *, served: bool) -> None:
        if (ahead, served) != (self.ahead, self.is_served):
            self.ahead, self.is_served = ahead, served
            self._changed.set()


class FairLine:
    """Serves `at_once` replies at the same time, and lets people take turns."""

    def __init__(
        self, *, at_once: int = 1, most: int = MOST_WAITING, most_each: int = MOST_WAITING_EACH
    ) -> None:
        self._at_once = at_once
        self._most = most
        self._most_each = most_each
        self._waiting: list[Turn] = []
        """In the order in which they came."""
        self._served: list[Turn] = []
        self._last_served: dict[str, int] = {}
        """For each person when they were last served, counted in turns; forgotten once the line is empty."""
        self._turns = 0

    @property
    def is_idle(self) -> bool:
        return not self._waiting and not self._served

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def join(self, person: str) -> Turn:
        """A place in the line; served at once where nobody is before.

        Raises:
            ModelUnavailable: too many wait already, of this person or of all.
        """
        mine = sum(turn.person == person for turn in self._waiting)
        if mine >= self._most_each:
            raise ModelUnavailable(
                f"{mine} of your questions wait for the model already. Wait for their answers, then ask again."
            )
        if len(self._waiting) >= self._most:
            raise ModelUnavailable(f"{len(self._waiting)} others wait for the model. Ask again in a moment.")
        turn = Turn(self, person)
        self._waiting.append(turn)
        self._move_up()
        return turn

    def _leave(self, turn: Turn) -> None:
        for among in (self._waiting, self._served):
            if turn in among:
                among.remove(turn)
        if self.is_idle:
            self._last_served.clear()
        self._move_up()

    def _move_up(self) -> None:
        order = self._order()
        while order and len(self._served) < self._at_once:
            turn = order.pop(0)
            self._waiting.remove(turn)
            self._served.append(turn)
            self._turns += 1
            self._last_served[turn.person] = self._turns
            turn._move(0, served=True)
        for place, turn in enumerate(order):
            turn._move(len(self._served) + place, served=False)

    def _order(self) -> list[Turn]:
        """Who is served next, and after that, and so on, if nobody else came."""
        last, turns = dict(self._last_served), self._turns
        left = Counter(turn.person for turn in self._waiting)
        queues = {person: [turn for turn in self._waiting if turn.person == person] for person in left}
        order: list[Turn] = []
        while queues:
            person = min(queues, key=lambda each: last.get(each, 0))  # of several, who came first
            order.append(queues[person].pop(0))
            turns += 1
            last[person] = turns
            if not queues[person]:
                del queues[person]
        return order
