"""A value that is put into a request stays in its place, whatever it holds."""

import json
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_runtime.errors import ValueUnfit
from agent_runtime.node_kinds import places

TEMPLATE = "https://api.example.org/users/{{who}}/orders?state={{state}}&page=1"
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(who=WORDS, state=WORDS)
def test_a_value_in_an_address_changes_neither_host_nor_path_nor_parameters(who: str, state: str) -> None:
    try:
        made = places.address(TEMPLATE, {"who": who, "state": state})
    except ValueUnfit:
        assert who in ("", ".", "..")
        return
    parts = urlsplit(made)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "api.example.org", "")
    assert [unquote(part) for part in parts.path.split("/")] == ["", "users", who, "orders"]
    assert parse_qs(parts.query, keep_blank_values=True) == {"state": [state], "page": ["1"]}
    assert made.isascii()
    assert made.isprintable()


@given(said=WORDS, count=st.integers() | st.booleans() | st.lists(WORDS, max_size=3) | WORDS)
def test_a_value_in_json_changes_neither_names_nor_shape(said: str, count: object) -> None:
    template = '{"note": "He said {{said}}.", "count": {{count}}, "fixed": [1, "{{ said }}"]}'
    made = places.json_with(template, {"said": said, "count": count})
    assert made == {"note": f"He said {said}.", "count": count, "fixed": [1, said]}
    assert json.loads(json.dumps(made)) == made


@given(value=WORDS)
def test_a_value_in_a_form_is_one_value(value: str) -> None:
    made = places.form("a={{value}}&b=2", {"value": value})
    assert parse_qs(made, keep_blank_values=True) == {"a": [value], "b": ["2"]}


@pytest.mark.parametrize("value", ["x\r\nHost: evil", "a\nb", "\x00", "Ж", "x" * 5_000])
def test_a_value_that_a_header_cannot_carry_is_refused(value: str) -> None:
    with pytest.raises(ValueUnfit, match="Nothing was sent"):
        places.header("X-Note", "about {{value}}", {"value": value})


@pytest.mark.parametrize(
    "template",
    [
        "{{text}}",
        "https://{{text}}/",
        "https://{{text}}.example.org/",
        "https://api.example.org{{text}}",
        "https://api.example.org:{{text}}/",
        "{{text}}://api.example.org/",
        "https://{{text}}@api.example.org/",
        "https://user:pass@api.example.org/",
        "https://api.example.org\\@evil.example/",
        "https://api.example.org:99999/",
        "https://api.example.org/#{{text}}",
        "ftp://api.example.org/",
        "https:///path",
        "https://",
        "api.example.org/x",
        "https://api.example.org/a b",
        "https://api.example.org/\n",
        "https://[::1/",
    ],
)
def test_an_address_whose_host_a_value_could_choose_is_refused_while_it_is_drawn(template: str) -> None:
    assert places.find_address_fault(template)


@pytest.mark.parametrize(
    "template",
    ["https://api.example.org", "http://api.example.org/{{a}}/b?c={{d}}", "https://api.example.org?x={{a}}"],
)
def test_an_address_whose_host_stands_there_is_taken(template: str) -> None:
    assert places.find_address_fault(template) is None


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "Cookie", "a b", "x\r\ny", "",
                                  "Authorization", "X-Api-Key", "Proxy-Authorization", "X-Forwarded-For"])  # fmt: skip
def test_headers_that_steer_the_connection_or_hold_keys_are_refused(name: str) -> None:
    assert places.find_header_fault(name, "x")
    assert places.find_header_fault("X-Kind", "x") is None


@pytest.mark.parametrize("template", ["", "{", '{"a": {{b}', '{"{{a}}": 1}', "[" * 20_000, '{"a": "{{b}}'])
def test_what_is_no_json_is_told_while_it_is_drawn(template: str) -> None:
    assert places.find_json_fault(template)
