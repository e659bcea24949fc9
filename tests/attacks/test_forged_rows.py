"""Whoever writes into the database makes nobody run anything, and finds nobody's words."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from agent_runtime import plain_json
from backend.database import Database
from tests.agent_runtime.test_checkpoints import SECRET_WORDS, a_saver, database, kept  # noqa: F401


@pytest.mark.parametrize(
    "value",
    [
        {
            "lc": 1,
            "type": "constructor",
            "id": ["subprocess", "Popen"],
            "kwargs": {"args": ["touch", "FLAG"]},
        },
        {"lc": 2, "type": "constructor", "id": ["os", "system"], "args": ["touch FLAG"]},
        {
            "__class__": "os.system",
            "py/object": "os.system",
            "py/reduce": [{"py/type": "os.system"}, ["touch FLAG"]],
        },
        {"$type": "System.Diagnostics.Process", "!!python/object/apply:os.system": ["touch FLAG"]},
    ],
)
def test_a_value_that_names_a_class_comes_back_as_the_value_that_it_is(
    value: dict[str, Any], tmp_path: Path
) -> None:
    """CVE-2025-68664 (LangChain: "lc" objects), CVE-2025-64439 (LangGraph: constructors inside checkpoints)."""
    flag = tmp_path / "owned"
    stored = json.dumps(value).replace("FLAG", str(flag)).encode()
    with suppress(plain_json.NotPlain):
        assert plain_json.decode(stored) == json.loads(stored)
    assert plain_json.decode(plain_json.encode(value)) == value
    assert not flag.exists()


@pytest.mark.parametrize(
    "key", ["x' OR '1'='1", "x') UNION SELECT sealed FROM run_checkpoints--", "source\x00", "%"]
)
async def test_a_filter_is_compared_and_never_becomes_a_query(database: Database, key: str) -> None:  # noqa: F811
    """CVE-2025-67644 (LangGraph's SQLite saver: SQL by the keys of a filter)."""
    await kept(a_saver(database))
    found = [row async for row in a_saver(database).alist(None, filter={key: 1, "source": key})]
    assert found == []
    assert [row async for row in a_saver(database, "mallory").alist(None)] == []
    whole = [row async for row in a_saver(database).alist(None)]
    assert SECRET_WORDS in str(whole)
