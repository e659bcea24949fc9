"""A run that was cut off goes on where it was."""

import json
import random
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent_runtime import node_kinds
from agent_runtime.compiler import RunContext, Scope, Visit
from agent_runtime.errors import ModelUnavailable
from agent_runtime.graph import Node
from agent_runtime.limits import Meter, RunLimits
from agent_runtime.models.scripted import ScriptedModel
from agent_runtime.node_kinds.declare import Inputs, Outputs, Settings
from agent_runtime.step import Step
from tests.agent_runtime.making import some_tools


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_run_killed_at_several_steps_goes_on_and_repeats_none_that_had_ended(tmp_path: Path) -> None:
    seed = random.randrange(10_000)
    done = subprocess.run(
        [sys.executable, "-m", "tests.agent_runtime.living_through_crashes", str(tmp_path), str(seed)],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, f"seed {seed}: {done.stderr}"
    deaths = [step for step in lines(tmp_path / "deaths") if step is not None]
    asked = Counter(lines(tmp_path / "asked"))
    assert asked == {step: 2 if step in deaths else 1 for step in range(6)}, f"seed {seed}"

    told = lines(tmp_path / "told")
    kinds = Counter(kind for kind, _ in told)
    assert kinds["run.finished"] == 1
    assert kinds["run.started"] == (2 if deaths[0] == 0 else 1), (
        "before the first model reply nothing is kept"
    )
    ended = Counter(facts["node_id"] for kind, facts in told if kind == "node.finished")
    assert {ended[f"ask{step}"] for step in range(6)} == {1}, "what only rearranges values may be done again"
    usage = told[-1][1]["usage"]
    assert told[-1][1]["answer"] == "word 5"
    assert (usage["model_calls"], usage["steps"], usage["completion_tokens"]) == (6, 8, 12)


async def test_a_step_has_the_same_id_each_time_it_is_tried_and_another_in_another_run() -> None:
    tried: list[str] = []

    async def fails_once(inputs: Inputs, settings: Settings, step: Step) -> Outputs:
        tried.append(step.step_id)
        if len(tried) == 1:
            raise ModelUnavailable("It did not answer.")
        return {"question": "done"}

    visit = Visit(
        node=Node(id="act", kind="start", on_error={"retries": 1, "pause_s": 0}),
        kind=replace(node_kinds.ALL["start"], behave=fails_once),
        settings=Settings(),
        arriving={},
        may_speak=False,
    )
    for run_id in ("first", "second"):
        run = RunContext(run_id, "Go", some_tools(ScriptedModel([])), Meter(RunLimits()), lambda event: None)
        await visit({}, Scope(run))
    assert tried == ["first/act/1", "first/act/1", "second/act/1"]
