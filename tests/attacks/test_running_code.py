"""No text that anybody sends is ever run: neither as code, nor as a template, nor as an expression that reaches out."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from agent_runtime import conditions, service
from agent_runtime.errors import ConditionFailed
from agent_runtime.events import RunFailedEvent, RunFinished
from agent_runtime.models.scripted import ScriptedModel
from tests.agent_runtime.making import a_graph, events_of
from tests.attacks import product

RUNS_TEXT = {
    "eval",
    "exec",
    "compile",
    "execfile",
    "__import__",
    "os.system",
    "os.popen",
    "os.execv",
    "os.execve",
}
RUNS_TEXT |= {"os.execvp", "os.posix_spawn", "os.spawnl", "os.spawnv", "builtins.eval", "builtins.exec"}
BUILDS_OBJECTS = {
    "pickle",
    "marshal",
    "shelve",
    "dill",
    "cloudpickle",
    "jsonpickle",
    "yaml",
    "runpy",
    "code",
    "codeop",
}
TEMPLATES = {"jinja2", "mako", "chevron", "string.templatelib"}
STARTS_PROCESSES = {
    "knowledge_vault/parsing/process.py": "the reader of files, without keys or network",
    "knowledge_vault/parsing/template.py": "the same, begun from one that is ready",
    "knowledge_vault/parsing/reading/ocr.py": "inside that reader",
    "licensing/anvil.py": "the local chain",
}


def test_no_line_of_the_product_runs_text_as_code() -> None:
    """CVE-2025-3248, CVE-2026-33017, CVE-2026-27966 (Langflow), CVE-2025-59528 (Flowise), CVE-2025-68668 (n8n)."""
    assert [(path, name) for path, name in product.called() if name in RUNS_TEXT] == []
    assert sum(name == "re.compile" for _, name in product.called()) > 20, "it sees calls"


def test_nothing_is_read_that_can_build_more_than_data_or_templates_that_compute() -> None:
    """CVE-2026-21877 (n8n), CVE-2025-64439 (LangGraph), CVE-2025-68664 (LangChain), CVE-2024-34359 (model files)."""
    banned = BUILDS_OBJECTS | TEMPLATES
    assert [(path, name) for path, name in product.imported() if name.split(".")[0] in banned] == []


def test_a_process_is_started_in_four_places_and_none_of_them_is_near_a_drawing() -> None:
    """CVE-2026-40933, CVE-2026-56274 (Flowise): there is no way from a drawing to a command, so none to get around."""
    found = {path for path, name in product.imported() if name == "subprocess"}
    found |= {
        path for path, name in product.called() if name in ("asyncio.create_subprocess_exec", "os.fork")
    }
    found |= {path for path, name in product.called() if name == "asyncio.create_subprocess_shell"}
    assert found == set(STARTS_PROCESSES)


def test_there_is_no_stdio_transport_to_switch_on() -> None:
    """CVE-2026-40933, CVE-2026-56274 (Flowise): the product does not even import a library that has one."""
    assert [(path, name) for path, name in product.imported() if name.split(".")[0] == "mcp"] == []


POISON = [
    "__import__('os').system('touch {flag}')",
    "{{{{ ''.__class__.__mro__[1].__subclasses__() }}}}",
    "{{{{ cycler.__init__.__globals__.os.popen('touch {flag}').read() }}}}",
    "{{% for x in range(10**9) %}}a{{% endfor %}}",
    "${{7*7}} #{{7*7}} <%= 7*7 %> ${{{{7*7}}}}",
    "{{{{constructor.constructor('return process')().mainModule.require('child_process').execSync('touch {flag}')}}}}",
    "{{{{$json.__proto__.polluted}}}} {{{{this.constructor.constructor(`touch {flag}`)()}}}}",
    "`touch {flag}` $(touch {flag}) ; touch {flag} | touch {flag}",
    "!!python/object/apply:os.system ['touch {flag}']",
    '{{"lc": 1, "type": "constructor", "id": ["os", "system"], "kwargs": {{"command": "touch {flag}"}}}}',
    "@app.get('/x', dependencies=[exec('open(\"{flag}\",\"w\")')])",
]


@pytest.mark.parametrize("poison", POISON)
async def test_poisoned_texts_are_texts_in_every_place(poison: str, tmp_path: Path) -> None:
    """CVE-2025-68613, CVE-2026-1470 (n8n: expression escapes), CVE-2025-3248 (Langflow), CVE-2024-34359 (templates)."""
    flag = tmp_path / "owned"
    text = poison.format(flag=flag)
    graph = a_graph(
        {
            "start": ("start", {}),
            "set": ("set_values", {"values": [{"name": "made", "value": f"<{text}>"}]}),
            "ask": ("ask_model", {"prompt": f"{text} {{{{text}}}}", "role": text}),
            "answer": ("answer", {}),
        },
        [("start.question", "set.value"), ("set.values", "ask.text"), ("ask.text", "answer.value")],
    )
    problems = {problem.code for problem in service.check(graph)}
    assert problems <= {"insertion_unknown"}
    if not problems:
        model = ScriptedModel([text])
        end = (await events_of(graph, text, model=model))[-1]
        assert isinstance(end, RunFinished)
        assert end.answer.split() == text.split(), "told as it was written"
        assert "49" not in model.asked[0][-1].content
    condition = {"branches": [{"id": "then", "name": "T", "condition": text}]}
    branching = a_graph(
        {
            "start": ("start", {}),
            "if": ("if_otherwise@2", condition),
            "a": ("answer", {}),
            "b": ("answer", {}),
        },
        [("start.question", "if.value"), ("if.then", "a.value"), ("if.otherwise", "b.value")],
    )
    assert service.check(branching), "no such condition"
    assert not flag.exists()
    assert not hasattr(object(), "polluted")


@pytest.mark.parametrize(
    "condition",
    [
        "text.__class__.__init__ == text",
        "text.class == text",
        'text["__class__"] == text',
        "[1,2,3].map(x, [1,2,3].map(y, x * y)).size() > 0",
        "[[1]].exists(x, true)",
        "text.matches('(a+)+$')",
        "has(text.a)",
        "dyn(text) == text",
        "9223372036854775807 + 1 > 0",
        "1e308 * 10.0 > 1.0",
        "text + text + text + text + text + text + text + text == text",
        "size([" + "text," * 70 + "text]) > 0",
        "'" + "a" * 490 + "' == text",
        "!" * 200 + "true",
        "(" * 200 + "true" + ")" * 200,
        "true ? true : " * 30 + "true",
        "b'\\x00' == text",
        "timestamp('2026-01-01T00:00:00Z') > timestamp(text)",
        "package.name == 1",
        "text in [text, text] && " * 18 + "true",
    ],
)
def test_an_expression_that_tries_attributes_loops_or_memory_is_refused_or_ends_soon(condition: str) -> None:
    """CVE-2025-68613, CVE-2026-1470 (n8n): no expression reaches an attribute, loops, or fills the memory."""
    began = time.process_time()
    values: dict[str, Any] = {"text": "a" * 100_000}
    fault = conditions.find_fault(condition, {"text": "text"})
    if fault is None:
        with suppress(ConditionFailed):
            assert conditions.decide(condition, {"text": "text"}, values) in (True, False)
    assert time.process_time() - began < 5, "of the processor's time, on a busy machine too"


async def test_a_template_that_names_a_long_value_a_thousand_times_is_refused() -> None:
    """CVE-2025-68613's sister: memory by template. 8,000 characters of names, 19,000 of value: 19 MB asked for."""
    graph = a_graph(
        {
            "start": ("start", {}),
            "ask": ("ask_model", {"prompt": "{{text}}" * 1_000}),
            "answer": ("answer", {}),
        },
        [("start.question", "ask.text"), ("ask.text", "answer.value")],
    )
    end = (await events_of(graph, "honey " * 3_200))[-1]
    assert isinstance(end, RunFailedEvent)
    assert "insert less" in end.message
