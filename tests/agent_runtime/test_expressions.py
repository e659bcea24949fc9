"""Conditions and insertions do what they say and nothing else."""

import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_runtime import conditions, insertion
from agent_runtime.errors import ConditionFailed
from agent_runtime.node_kinds.deciding import VARIABLES

VALUES: dict[str, Any] = {
    "question": "What does honey cost?",
    "text": "Honey costs 7 coins.",
    "answer": "",
    "found": True,
    "quoted": False,
    "passages": 3,
    "best_score": 1.5,
    "citations": 0,
}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("passages > 0", True),
        ("passages > 3 || best_score >= 1.5", True),
        ('question.contains("honey") && !quoted', True),
        ('text.startsWith("Honey") && text.endsWith("coins.")', True),
        ("size(question) < 10", False),
        ("citations == 0 ? found : quoted", True),
        ('question in ["a", "b"]', False),
        ("passages % 2 == 1", True),
    ],
)
def test_a_condition_decides(condition: str, holds: bool) -> None:
    assert conditions.find_fault(condition, VARIABLES) is None
    assert conditions.decide(condition, VARIABLES, VALUES) is holds


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ("", "cannot be read"),
        ("passages >", "cannot be read"),
        ("nothing > 1", "no value 'nothing'"),
        ("question", "yes or no"),
        ("question > 1", "do not go together"),
        ("best_score == 1", "point"),
        ("question.__class__ == question", "look inside"),
        ('question[0] == "W"', "pick parts"),
        ("[1, 2].map(x, x * 2) == [2, 4]", "function 'map'"),
        ("[1].all(x, x > 0)", "function 'all'"),
        ('question.matches("(a+)+$")', "function 'matches'"),
        ('duration("1s") > duration("2s")', "function 'duration'"),
        ("type(question) == question", "function 'type'"),
        ('{"a": 1} == {"a": 1}', "objects"),
        ("(" * 60 + "true" + ")" * 60, "nested"),
        ("!" * 60 + "found", "nested"),
        ("found && " * 100 + "found", "longer"),
        ('"' + "\\a" * 200, "backslash"),
    ],
)
def test_a_condition_beyond_its_means_is_refused_in_words(condition: str, says: str) -> None:
    fault = conditions.find_fault(condition, VARIABLES)
    assert fault is not None
    assert says in fault


def test_a_condition_that_divides_by_nothing_fails_the_run_in_words() -> None:
    assert conditions.find_fault("10 / citations > 1", VARIABLES) is None
    with pytest.raises(ConditionFailed, match="zero"):
        conditions.decide("10 / citations > 1", VARIABLES, VALUES)


@settings(max_examples=200, deadline=None)
@given(condition=st.text(alphabet="passageqution()[]{}!&|<>=+-*/%.\"'?:, 0189\n", max_size=60))
def test_no_condition_whatever_breaks_or_hangs(condition: str) -> None:
    began = time.perf_counter()
    if conditions.find_fault(condition, VARIABLES) is None:
        with suppress(ConditionFailed):
            assert conditions.decide(condition, VARIABLES, VALUES) in (True, False)
    assert time.perf_counter() - began < 2


def test_a_template_inserts_values_once_and_nothing_else() -> None:
    values = {"question": "{{text}} {% for x in y %}", "text": "secret"}
    assert (
        insertion.insert("Q: {{ question }}! {{unknown}}{x}", values) == "Q: {{text}} {% for x in y %}! {x}"
    )
    assert insertion.insert("{{question.__class__}} {{7*7}}", values) == "{{question.__class__}} {{7*7}}"


@given(value=st.text(max_size=50))
def test_any_value_is_inserted_as_it_is(value: str) -> None:
    assert insertion.insert("<{{text}}>", {"text": value}) == f"<{value}>"
