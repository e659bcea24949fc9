"""How answers are scored: by rules that a person can apply with a pencil."""

from typing import Any

import pytest

from backend.evaluation import Question, score, summary
from backend.sentence_support import stands_in, word_count

QUOTE = "The bridge at Lower Mill was built in 1887 by the engineer Clara Voss."


@pytest.mark.parametrize(
    ("sentence", "quotes", "stands"),
    [
        ("The bridge was built in 1887.", [QUOTE], True),
        (f"“{QUOTE}”", [QUOTE], True),
        ("Clara Voss, an engineer, built it in 1887.", [QUOTE], True),
        ("The bridge was built in 1888.", [QUOTE], False),
        ("The bridge was built by Anna Voss.", [QUOTE], False),
        ("It stands at Upper Mill.", [QUOTE], False),
        ("Engineers love building bridges everywhere nowadays, mostly.", [QUOTE], False),
        ("The bridge was built in 1887.", [], False),
        ("桥建于1887年。", ["这座桥建于1887年，由工程师克拉拉·沃斯建造。"], True),
        ("桥建于1888年。", ["这座桥建于1887年，由工程师克拉拉·沃斯建造。"], False),
        ("Мост построила инженер Клара Восс.", ["Мост был построен инженером Кларой Восс."], True),
    ],
)
def test_a_sentence_stands_in_what_it_cites_by_its_numbers_names_and_words(
    sentence: str, quotes: list[str], stands: bool
) -> None:
    assert stands_in(sentence, quotes, question="Who built the bridge?") == stands


def test_names_of_the_question_need_not_stand_in_the_quote() -> None:
    said = "The bridge of Talmira was built in 1887."
    assert stands_in(said, [QUOTE], question="When was the bridge of Talmira built?")
    assert not stands_in(said, [QUOTE], question="When was the bridge built?")


def test_words_are_counted_without_marks_and_by_pairs_where_there_are_no_spaces() -> None:
    assert word_count("It was built. [1] “In 1887.” [12]") == 5
    assert word_count("桥建于年。") == 3


def completion(answer: str, *sentences: tuple[str, bool, list[int]]) -> dict[str, Any]:
    return {
        "choices": [{"message": {"content": answer}}],
        "citations": [{"number": 1, "document": "bridge.txt", "page": None, "quote": QUOTE}],
        "sentences": [{"text": text, "supported": yes, "citations": cited} for text, yes, cited in sentences],
    }


def test_marked_and_unmarked_sentences_and_long_answers_are_told_apart() -> None:
    question = Question("When was the bridge built?", ("1887",), "bridge.txt", None, "factoid")
    good = score(
        question,
        completion("x", ("Built in 1887.", True, [1]), ("Built in 1888.", True, [1]), ("Nice.", False, [])),
        took_s=1.0,
    )
    assert (good.sentences.unmarked, good.sentences.borne_out, good.sentences.marked) == (2, 1, 1)
    short = score(question, completion("It was built in 1887. [1]"), took_s=1.0)
    long = score(question, completion("word " * 60 + "1887."), took_s=1.0)
    metrics = summary([short, long])["metrics"]
    assert (metrics["contains_answer"], metrics["contains_answer_in_60_words"]) == (1.0, 0.5)
