"""Chunks cover the text, fit the embedder, and lead back to the exact characters."""

import unicodedata
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_vault.chunking import ChunkSizes, Span, chunk
from knowledge_vault.parsing.parsed import Heading, Parsed, Part, Structure
from knowledge_vault.values import Page


def count_tokens(texts: Sequence[str]) -> Sequence[int]:
    return [-(-len(text.encode()) // 4) for text in texts]


def cut(text: str, structure: Structure = "plain", **sizes: int) -> list[Span]:
    return chunk(Parsed(text, (), structure), count_tokens, sizes=ChunkSizes(**sizes) if sizes else None)


texts = st.text(
    alphabet=st.one_of(st.sampled_from("ab .\n\n#|`。！ ก न 汉\u2028"), st.characters(codec="utf-8")),
    max_size=3000,
)


@given(
    text=texts,
    structure=st.sampled_from(["plain", "markdown", "rows", "code"]),
    characters=st.integers(20, 200),
    tokens=st.integers(10, 60),
)
def test_every_character_is_in_a_chunk_and_no_chunk_is_too_long(
    text: str, structure: Structure, characters: int, tokens: int
) -> None:
    spans = cut(text, structure, characters=characters, tokens=tokens, least=10)
    covered = [False] * len(text)
    for span in spans:
        piece = text[span.start : span.end]
        assert piece
        assert not piece[0].isspace()
        assert not piece[-1].isspace()
        assert len(piece) <= characters
        assert 0 <= span.parent_start <= span.start
        assert span.end <= span.parent_end <= len(text)
        covered[span.start : span.end] = [True] * len(piece)
    assert all(seen or text[at].isspace() for at, seen in enumerate(covered))
    starts = [span.start for span in spans]
    assert starts == sorted(starts)
    assert cut(text, structure, characters=characters, tokens=tokens, least=10) == spans


def test_chunks_end_where_sentences_do() -> None:
    text = " ".join(f"Sentence number {number} is about bees and what they do." for number in range(200))
    spans = cut(text)
    assert len(spans) > 5
    for span in spans:
        assert text[span.start : span.end].startswith("Sentence")
        assert text[span.start : span.end].endswith("do.")


def test_neighbours_overlap_a_little() -> None:
    text = " ".join(f"Sentence number {number} is about bees." for number in range(300))
    spans = cut(text)
    for before, after in pairwise(spans):
        assert 0 < before.end - after.start <= 0.12 * 1600


def test_a_chunk_knows_its_headings_and_does_not_cross_them() -> None:
    body = "Bees are busy all day long and rest at night. " * 12
    text = f"# Bees\n\n{body}\n\n## Sleep\n\n{body}\n\n# Wasps\n\n{body}"
    spans = cut(text, "markdown")
    assert [span.heading for span in spans] == ["Bees", "Bees › Sleep", "Wasps"]
    assert text[spans[1].start :].startswith("## Sleep")


def test_a_heading_inside_code_is_no_heading() -> None:
    [span] = cut("# Real\n\n```sh\n# not a heading\n```\n", "markdown")
    assert span.heading == "Real"


@pytest.mark.parametrize("sentence", ["蜜蜂会跳舞。", "ミツバチは踊る。", "ผึ้งเต้นรำ"])
def test_scripts_without_spaces_are_cut_to_size(sentence: str) -> None:
    text = sentence * 400
    spans = cut(text)
    assert len(spans) > 3
    for span in spans:
        assert count_tokens([text[span.start : span.end]])[0] <= 480


def test_rows_stay_whole() -> None:
    rows = [f"hive: {number}; honey: {number * 3} kg; note: quiet" for number in range(200)]
    text = "\n".join(rows)
    for span in cut(text, "rows"):
        assert set(text[span.start : span.end].split("\n")) <= set(rows)


def test_a_chunk_knows_the_page_it_begins_on() -> None:
    one = "Page one says this sentence many times. " * 60
    text = f"{one}\n\n{one}"
    pages = (Page(1, 0, len(one)), Page(2, len(one) + 2, len(text)))
    spans = chunk(Parsed(text, pages, "plain"), count_tokens)
    assert {span.page for span in spans} == {1, 2}
    for span in spans:
        assert span.page == (1 if span.start < pages[1].start else 2)


def test_nothing_gives_no_chunks() -> None:
    assert cut("") == []
    assert cut(" \n \n") == []


ROW = "| carnica | quiet and hard working, good in cold valleys | 27 kg |"


def test_a_table_cut_in_two_keeps_its_heading_row_in_mind() -> None:
    header = "| kind | temper | honey |"
    text = f"# Hives\n\n{header}\n| --- | --- | --- |\n" + "\n".join([ROW] * 60)
    first, *others = cut(text, "markdown")
    assert header in text[first.start : first.end]
    assert first.lead == ""
    assert others
    for span in others:
        assert span.lead == header
        assert set(text[span.start : span.end].split("\n")) == {ROW}


def test_abbreviations_end_no_sentence() -> None:
    one = "According to Dr. Müller, e.g. in No. 7, bees (cf. Fig. 3, approx. 20 kg) sleep i.e. rest by J. Smith."
    text = " ".join([one] * 60)
    for span in cut(text):
        assert text[span.start : span.end].startswith("According")
        assert text[span.start : span.end].endswith("Smith.")


@pytest.mark.parametrize(
    "sentence", ["ผึ้งเต้นรำเพื่อบอกทางไปยังดอกไม้", "क्षत्रियों", "e\u0301", "👩‍👩‍👧‍👦", "🇫🇷🇯🇵", "각"]
)
def test_no_cut_parts_a_character_from_its_marks(sentence: str) -> None:
    text = sentence * 300
    spans = cut(text, characters=100, tokens=90)
    assert len(spans) > 3
    for span in spans:
        assert not unicodedata.category(text[span.start]).startswith("M")
        assert text[span.start] != "\u200d"
        assert span.start == 0 or text[span.start - 1] != "\u200d"
    if "🇫" in sentence:
        assert {(span.end - span.start) % 2 for span in spans} == {0}


def test_sentences_end_in_every_script() -> None:
    for stop in ("。", "！", "؟ ", "। ", "۔ ", "… "):
        sentence = "mm" * 40 + stop
        text = (sentence * 30).strip()
        for span in cut(text, characters=400, tokens=400):
            assert text[span.start : span.end].endswith(stop.strip())


def test_code_is_cut_at_functions_and_named_by_them() -> None:
    body = "\n".join(f"    hive.feed({number})  # more of it" for number in range(40))
    text = f"class Keeper:\n  def feed(self):\n{body}\n  def rest(self):\n{body}\n"
    outline = (
        Heading(0, 1, "class Keeper"),
        Heading(text.index("  def feed"), 2, "def feed"),
        Heading(text.index("  def rest"), 2, "def rest"),
    )
    spans = chunk(Parsed(text, (), "code", outline), count_tokens)
    assert [span.heading for span in spans] == ["class Keeper", "class Keeper › def rest"]


def test_each_part_of_an_archive_is_read_by_its_own_rules() -> None:
    notes, rows = "# Notes\n\n" + "Bees sleep. " * 60, "\n".join(["hive: 1; honey: 27"] * 60)
    text = notes + rows
    parts = (Part(0, len(notes), "markdown", "a/notes.md"), Part(len(notes), len(text), "rows", "b.csv"))
    spans = chunk(Parsed(text, (), "plain", parts=parts), count_tokens)
    assert [span.heading for span in spans] == ["a/notes.md › Notes", "b.csv"]


def test_a_chunk_is_read_with_its_section() -> None:
    body = "Bees are busy all day long and rest at night. " * 30
    text = f"# Bees\n\n{body}\n\n## Sleep\n\n{body}\n\n# Wasps\n\n{'Wasps hunt. ' * 800}"
    spans = cut(text, "markdown")
    [asleep] = [span for span in spans if span.heading == "Bees › Sleep"]
    assert text[asleep.parent_start : asleep.parent_end].startswith("# Bees")
    assert asleep.parent_end < text.index("# Wasps")
    for span in spans:
        assert span.parent_end - span.parent_start <= 4800
    middle = spans[-3]
    assert middle.heading == "Wasps"
    assert middle.parent_start < middle.start
    assert middle.end < middle.parent_end
    assert middle.parent_end - middle.parent_start > 4700
