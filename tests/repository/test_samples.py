"""What the first start shows works: each sample question has its answer where the file says."""

import json
import re
import zipfile
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from agent_runtime.checks import check
from agent_runtime.graph import read_agent_file
from agent_runtime.starters import fill_vaults
from tests.repository.sources import ROOT

SAMPLES = ROOT / "samples"
DOCUMENTS = SAMPLES / "documents"
QUESTIONS: list[dict[str, Any]] = [
    json.loads(line) for line in (SAMPLES / "questions.jsonl").read_text(encoding="utf-8").split("\n") if line
]


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)


@cache
def pages(path: Path) -> list[str]:
    """The document's text, a string a page; one string where there are no pages."""
    if path.suffix == ".pdf":
        pdf = pypdfium2.PdfDocument(path)
        return [_flat(page.get_textpage().get_text_range()) for page in pdf]
    if path.suffix == ".docx":
        with zipfile.ZipFile(path) as archive:
            xml = archive.read("word/document.xml").decode()
        return [_flat(re.sub(r"<[^>]+>", " ", xml))]
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        reader = _Words()
        reader.feed(text)
        text = " ".join(reader.found)
    return [_flat(text)]


def _flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["id"])
def test_the_answer_stands_in_the_document_and_on_the_page(question: dict[str, Any]) -> None:
    if question["kind"] == "unanswerable":
        assert question["answers"] == []
        assert question["doc"] is None
        return
    text = pages(DOCUMENTS / question["doc"])
    number = question["page"]
    assert question["answers"]
    for answer in question["answers"]:
        assert answer in (text[number - 1] if number else " ".join(text))


def test_every_sample_document_is_asked_about_and_described() -> None:
    names = {path.name for path in DOCUMENTS.iterdir()}
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    assert names == {question["doc"] for question in QUESTIONS if question["doc"]}
    assert [name for name in names if f"`{name}`" not in readme] == []


def test_the_samples_cover_formats_and_languages() -> None:
    assert {path.suffix for path in DOCUMENTS.iterdir()} == {".pdf", ".docx", ".html", ".md", ".txt", ".csv"}
    assert {question["lang"] for question in QUESTIONS} >= {"en", "ru", "zh", "ja", "es"}


@pytest.mark.parametrize("source", sorted((SAMPLES / "sources").glob("*.md")), ids=lambda path: path.stem)
def test_a_made_document_says_what_its_source_says(source: Path) -> None:
    [made] = DOCUMENTS.glob(f"{source.stem}.*")
    text = " ".join(pages(made))
    without_marks = re.sub(r"^(#+|-) |^---$|^\|[ |-]*\|$", "", source.read_text(encoding="utf-8"), flags=re.M)
    wanted = re.split(r"\n+|\|", without_marks)
    assert [line for line in map(_flat, wanted) if line and line not in text] == []


def test_the_sample_agent_runs_once_it_is_given_a_vault() -> None:
    agent = read_agent_file((SAMPLES / "sample.agent.json").read_bytes())
    assert [problem.code for problem in check(agent.graph)] == ["vault_missing"]
    assert list(check(fill_vaults(agent.graph, ["talmira"]))) == []
