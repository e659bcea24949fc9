"""Work out a condition that a person wrote, in CEL (the Common Expression Language).

A condition reads named values and says yes or no. It can neither loop nor call out nor look inside
anything: of CEL we take comparisons, arithmetic, `&& || !`, `in`, `? :` and five functions on words.
A formula is the same, and gives a value.
The only home of `celpy`.
"""

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal, TypeAlias

import celpy
from celpy import celtypes
from celpy.celparser import CELParseError
from celpy.evaluation import CELEvalError
from lark import Token, Tree

from agent_runtime.errors import ConditionFailed

MAX_CHARACTERS = 500
MAX_DEPTH = 20
MAX_TEXT_CHARACTERS = 100_000
MAX_ITEMS = 1_000
FUNCTIONS = frozenset({"size", "string"})
METHODS = frozenset({"contains", "startsWith", "endsWith", "size"})

VariableType: TypeAlias = Literal["text", "number", "decimal", "yes or no", "list"]

_REFUSED = {
    "member_dot": "A condition or formula cannot look inside a value with a point.",
    "member_index": "A condition or formula cannot pick parts of a value with [ ].",
    "member_object": "A condition or formula cannot build objects.",
    "map_lit": "A condition or formula cannot build objects.",
    "dot_ident": "A name cannot begin with a point.",
    "dot_ident_arg": "A name cannot begin with a point.",
}
_SAMPLES: tuple[Mapping[VariableType, Any], ...] = (
    {"text": "", "number": 0, "decimal": 0.0, "yes or no": False, "list": []},
    {"text": "some words", "number": 2, "decimal": 1.5, "yes or no": True, "list": ["a", "b"]},
)


def find_fault(condition: str, variables: Mapping[str, VariableType]) -> str | None:
    """What is wrong with a condition, in words; None when it can be worked out.

    Besides reading it, tries it on sample values, which finds a number compared with a text.
    """
    try:
        _compile(condition, frozenset(variables))
        results = [
            _evaluate(condition, variables, {name: sample[kind] for name, kind in variables.items()})
            for sample in _SAMPLES
        ]
    except ConditionFailed as error:
        return str(error)
    except _Empty:
        return None  # divides by a value that may be zero: right for other values
    return next((_not_a_decision(condition) for r in results if not isinstance(r, celtypes.BoolType)), None)


def find_formula_fault(formula: str, variables: Mapping[str, VariableType]) -> str | None:
    """The same of a formula, whose result may be a number, a text, a list, or yes or no."""
    try:
        for sample in _SAMPLES:
            work_out(formula, variables, {name: sample[kind] for name, kind in variables.items()})
    except _DependsOnValues:
        return None
    except ConditionFailed as error:
        return str(error)
    return None


def work_out(formula: str, variables: Mapping[str, VariableType], values: Mapping[str, Any]) -> Any:
    """What a formula gives, as JSON: a text, a number, yes or no, or a list of those.

    Raises:
        ConditionFailed: it cannot be worked out; the message says why.
    """
    try:
        return _as_json(formula, _evaluate(formula, variables, values))
    except _Empty as error:
        raise _DependsOnValues(f"{formula!r} divides by a value that is zero this time.") from error


class _DependsOnValues(ConditionFailed):
    """It can be worked out with other values than these."""


def _as_json(formula: str, result: Any) -> Any:
    if isinstance(result, list):
        return [_as_json(formula, item) for item in result[:MAX_ITEMS]]
    if isinstance(result, bool | celtypes.BoolType):
        return bool(result)
    if isinstance(result, float):
        if not math.isfinite(result):
            raise _DependsOnValues(f"{formula!r} gives a number that is too large.")
        return float(result)
    if isinstance(result, int):
        return int(result)
    if isinstance(result, str):
        return str(result)
    raise ConditionFailed(f"{formula!r} gives neither a text, a number, a list, nor yes or no.")


def decide(condition: str, variables: Mapping[str, VariableType], values: Mapping[str, Any]) -> bool:
    """Whether the condition holds for these values.

    Raises:
        ConditionFailed: it cannot be worked out; the message says why.
    """
    try:
        result = _evaluate(condition, variables, values)
    except _Empty as error:
        raise ConditionFailed(f"{condition!r} divides by a value that is zero this time.") from error
    if not isinstance(result, celtypes.BoolType):
        raise ConditionFailed(_not_a_decision(condition))
    return bool(result)


class _Empty(Exception):
    """A division by zero, which only the values at hand can tell."""


def _not_a_decision(condition: str) -> str:
    return f"The condition {condition!r} gives no yes or no: compare the value with something, as in passages > 0."


def _evaluate(condition: str, variables: Mapping[str, VariableType], values: Mapping[str, Any]) -> Any:
    program = _compile(condition, frozenset(variables))
    try:
        return program.evaluate({name: _as_cel(values[name]) for name in variables})
    except CELEvalError as error:
        if any(kind is ZeroDivisionError for kind in error.args[1:2]):
            raise _Empty from error
        raise ConditionFailed(
            f"{condition!r} compares or joins things that do not go together, such as a number "
            "with a text. Texts stand in quotes; best_score is compared with a number that has a point, as in 1.0."
        ) from error
    except RecursionError as error:
        raise ConditionFailed(f"{condition!r} is nested too deeply.") from error


def _as_cel(value: Any) -> Any:
    if isinstance(value, bool):
        return celtypes.BoolType(value)
    if isinstance(value, int):
        return celtypes.IntType(value)
    if isinstance(value, float):
        return celtypes.DoubleType(value)
    if isinstance(value, list):
        return celtypes.ListType([_as_cel(item) for item in value[:MAX_ITEMS]])
    return celtypes.StringType(str(value)[:MAX_TEXT_CHARACTERS])


@lru_cache(maxsize=512)
def _compile(condition: str, names: frozenset[str]) -> Any:
    if len(condition) > MAX_CHARACTERS:
        raise ConditionFailed(f"It is longer than {MAX_CHARACTERS} characters.")
    if "\\" in condition:
        # the grammar of string literals backtracks without end on an unfinished one full of them
        raise ConditionFailed("A condition or formula cannot hold a backslash.")
    if _depth(condition) > MAX_DEPTH:
        raise ConditionFailed("It is nested too deeply: use fewer brackets.")
    environment = celpy.Environment()
    try:
        tree = environment.compile(condition)
        _allow(tree, names)
        return environment.program(tree)
    except CELParseError as error:
        raise ConditionFailed(
            f"{condition!r} cannot be read{_place(error)}. An example of what can: passages > 0"
        ) from error
    except RecursionError as error:
        raise ConditionFailed("It is nested too deeply: use fewer brackets.") from error


def _place(error: CELParseError) -> str:
    column = getattr(error, "column", None)
    return f" at character {column}" if isinstance(column, int) and column > 0 else ""


def _depth(condition: str) -> int:
    """An upper bound of the nesting: open brackets and signs in a row each add one."""
    depth = deepest = signs = 0
    for character in condition:
        depth += (character in "([{") - (character in ")]}")
        signs = signs + 1 if character in "!-?" else signs if character.isspace() else 0
        deepest = max(deepest, depth + signs)
    return deepest


def _allow(tree: Tree[Token], names: frozenset[str]) -> None:
    """Refuse every construct that is not on the list; raises ConditionFailed."""
    for node in _nodes(tree):
        rule = str(node.data)
        if rule in _REFUSED:
            raise ConditionFailed(_REFUSED[rule])
        if rule == "ident":
            name = str(node.children[0])
            if name not in names:
                raise ConditionFailed(f"There is no value {name!r}: use one of {', '.join(sorted(names))}.")
        elif rule == "ident_arg" and str(node.children[0]) not in FUNCTIONS:
            raise ConditionFailed(
                f"There is no function {str(node.children[0])!r}: use size(…) or string(…)."
            )
        elif rule == "member_dot_arg" and str(node.children[1]) not in METHODS:
            raise ConditionFailed(
                f"There is no function {str(node.children[1])!r}: use {', '.join(sorted(METHODS))}."
            )


def _nodes(tree: Tree[Token]) -> Iterator[Tree[Token]]:
    pending: list[Any] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, Tree):
            yield node
            pending.extend(node.children)
