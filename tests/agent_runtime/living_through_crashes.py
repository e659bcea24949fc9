"""A program that runs one agent and is killed in the middle of a step, again and again, until a life sees the end.

`python -m tests.agent_runtime.living_through_crashes FOLDER`. Each life is a process of its own and ends as a power cut
would end it: SIGKILL, at a step drawn by chance. What reached the model and what was told is written to files first.
"""

import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent_runtime import service
from agent_runtime.checkpoints import SealedCheckpoints
from agent_runtime.compiler import compiled
from agent_runtime.events import data
from agent_runtime.ports import ChatMessage, ReplyEnd, ReplyPart, Sampling, TextDelta
from agent_runtime.tables import metadata
from knowledge_vault.keys.tenants import Sealer
from knowledge_vault.values import TenantId
from tests.agent_runtime.making import a_graph, some_tools
from tests.databases import database_at

STEPS = 6
GRAPH = a_graph(
    {
        "start": ("start", {}),
        **{f"ask{n}": ("ask_model", {"prompt": f"{{{{text}}}} {n}"}) for n in range(STEPS)},
        "answer": ("answer", {}),
    },
    [
        ("start.question", "ask0.text"),
        *((f"ask{n}.text", f"ask{n + 1}.text") for n in range(STEPS - 1)),
        (f"ask{STEPS - 1}.text", "answer.value"),
    ],
)


def write(path: Path, line: object) -> None:
    with path.open("a") as file:
        file.write(json.dumps(line) + "\n")


@dataclass
class Mortal:
    """Counts who asks it, says back the last word of the prompt, and takes the process with it at one prompt."""

    folder: Path
    dies_at: int | None
    name: str = "mortal"
    context_tokens: int = 4096

    async def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        return 10

    async def reply(
        self, messages: Sequence[ChatMessage], sampling: Sampling
    ) -> AsyncGenerator[ReplyPart, None]:
        number = int(messages[-1].content.split()[-1])
        write(self.folder / "asked", number)
        yield TextDelta(f"word {number}")
        if number == self.dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        yield ReplyEnd(10, 2, "stop")


async def live(folder: Path, dies_at: int | None) -> None:
    database = database_at(folder / "records.db")
    async with database.writing() as connection:
        await connection.run_sync(metadata.create_all)
    saver = SealedCheckpoints(database, Sealer(b"s" * 32, TenantId("ada")), tenant_id="ada")
    tools = some_tools(Mortal(folder, dies_at))
    async for event in service.run(GRAPH, "Count", tools, run_id="run-1", checkpoints=saver):
        write(folder / "told", [event.type, dict(data(event))])
    await database.close()


def main() -> None:
    folder, drawn = Path(sys.argv[1]), random.Random(int(sys.argv[2]))
    compiled(GRAPH)  # once for all lives: most of a life would go into importing the engine
    for dies_at in [*sorted(drawn.sample(range(STEPS), 3)), None]:
        write(folder / "deaths", dies_at)
        child = os.fork()
        if child == 0:
            asyncio.run(live(folder, dies_at))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        expected = 0 if dies_at is None else signal.SIGKILL
        if status != expected:
            sys.exit(f"a life ended with {status} instead of {expected}")


if __name__ == "__main__":
    main()
