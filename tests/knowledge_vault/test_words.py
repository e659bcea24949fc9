"""Words are cut and folded so that a question finds them again, in every script."""

import pytest

from knowledge_vault.words import (
    UNSTEMMED,
    Language,
    is_same_language,
    language_of,
    script_of,
    share_without_spaces,
    split_words,
    stem,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Bees dance, don't they?", ["bees", "dance", "don", "t", "they"]),
        ("ﬁne ＡＢＣ １２", ["fine", "abc", "12"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("蜜蜂跳舞", ["蜜蜂", "蜂跳", "跳舞"]),
        ("蜂", ["蜂"]),
        ("iPhone用户2024年", ["iphone", "用户", "2024", "年"]),
        ("人々", ["人々"]),
        ("𠮷野家", ["𠮷野", "野家"]),
        ("ຜຶ້ງ", ["ຜຶ", "ຶ້", "້ງ"]),
        ("ပျား", ["ပျ", "ျာ", "ား"]),
        ("ឃ្មុំ", ["ឃ្", "្ម", "មុ", "ុំ"]),
        ("snake_case", ["snake_case"]),
        ("", []),
    ],
)
def test_text_falls_into_words(text: str, words: list[str]) -> None:
    assert split_words(text) == words


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [("english", "dancing", "dances"), ("russian", "пчёлами", "пчёлам"), ("german", "häuser", "haus")],
)
def test_forms_of_a_word_meet(language: str, one: str, other: str) -> None:
    assert stem([one], Language(language)) == stem([other], Language(language))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The bees dance to show the others the way to the flowers.", "english"),
        ("Пчёлы танцуют, чтобы показать другим дорогу к цветам.", "russian"),
        ("蜜蜂跳舞，为其他蜜蜂指引通往花朵的道路。", UNSTEMMED),
        ("12 34 56", UNSTEMMED),
    ],
)
def test_a_document_is_stemmed_in_its_language(text: str, language: str) -> None:
    assert language_of(text * 3) == language


def test_scripts_without_spaces_are_told_apart() -> None:
    assert share_without_spaces(split_words("蜜蜂跳舞")) == 1.0
    assert share_without_spaces(split_words("bees dance")) == 0.0
    assert share_without_spaces([]) == 0.0


def test_a_question_is_told_to_be_in_the_language_of_a_text_or_not() -> None:
    text = "The bees dance to show the others the way to the flowers."
    language = language_of(text)
    assert is_same_language("Why do the bees dance on the comb?", text, language)
    assert not is_same_language("Warum tanzen die Bienen auf der Wabe?", text, language)
    assert not is_same_language("Зачем танцуют пчёлы?", text, language)
    assert not is_same_language("蜜蜂为什么跳舞？", "ผึ้งเต้นรำทำไม", UNSTEMMED)


def test_a_few_words_that_look_like_a_rare_language_are_in_the_likeliest_common_one() -> None:
    text = "The bees dance to show the others the way to the flowers."
    assert is_same_language("quantum chromodynamics of elephants", text, language_of(text))
    assert not is_same_language("Ong nhảy múa trên tổ để làm gì vào mùa đông?", text, language_of(text))
    assert not is_same_language("Nyuki hucheza kwa nini kwenye sega la asali?", text, language_of(text))


def test_a_text_is_in_the_script_of_most_of_its_letters() -> None:
    assert script_of("Bees (пчёлы) dance") == "LATIN"
    assert script_of("12 34") == ""
