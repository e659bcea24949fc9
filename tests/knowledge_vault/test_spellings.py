"""A word is found as people type it: without its accents, as a whole identifier, or by a part of one."""

import pytest

from knowledge_vault.passages import count_words
from knowledge_vault.spellings import ChunkWords, parts, plain, wholes, words_of
from knowledge_vault.values import VaultId
from knowledge_vault.vault import KnowledgeVault
from knowledge_vault.words import UNSTEMMED, Language, split_words
from tests.knowledge_vault.making import ALICE, take_in

ENGLISH = Language("english")


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("Café Müller Straße naïve", "cafe muller strasse naive"),
        ("Αθήνα Łódź Øre İstanbul", "αθηνα lodz ore istanbul"),
        ("за́мок ёлка", "замок елка"),
        ("йод हिन्दी ไทย が", "йод हिन्दी ไทย が"),
        ("مُحَمَّد أحمد مدرسة كتـــاب", "محمد احمد مدرسه كتاب"),
        ("שָׁלוֹם", "שלום"),
    ],
)
def test_marks_are_left_out_where_people_leave_them_out(text: str, without: str) -> None:
    assert plain(split_words(text)) == split_words(without)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Order AB-1234/56, by INV-2024-0017.", ["ab-1234/56", "inv-2024-0017"]),
        ("v2.3.1 costs 1,250.00 at 10:30", ["v2.3.1", "1,250.00", "10:30"]),
        ("192.168.0.1 or ada@example.org", ["192.168.0.1", "ada@example.org"]),
        ("a well-known day-to-day matter and/or so", []),
    ],
)
def test_numbers_and_identifiers_are_kept_whole(text: str, found: list[str]) -> None:
    assert wholes(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("snake_case", ["snake", "case"]),
        ("readHTTPServer", ["read", "http", "server"]),
        ("GSA2022", ["gsa", "2022"]),
        ("iPhone用户2024年", []),
        ("Nothing here is put together", []),
    ],
)
def test_identifiers_fall_into_their_parts(text: str, found: list[str]) -> None:
    assert parts(text, split_words(text)) == found


def test_other_spellings_stand_beside_the_usual_ones() -> None:
    found = words_of("Cafés order AB-12 on_retry", ENGLISH)
    assert found.usual == ["café", "order", "ab", "12", "on_retri"]
    assert found.other == ["cafe", "part of on", "part of retri", "ab-12"]
    assert words_of("plain words", UNSTEMMED) == ChunkWords(["plain", "words"], [])
    assert count_words([1, 2, 1], [2, 3]) == {1: 2, 2: 1, 3: 0}


@pytest.mark.parametrize(
    ("question", "best"),
    [
        ("cafe Muller", "cafe.txt"),
        ("Café Müller", "cafe.txt"),
        ("AB-1234/56", "order.txt"),
        ("AB-1234/57", "other-order.txt"),
        ("max_retries", "settings.txt"),
        ("three retries, may it be raised", "settings.txt"),
    ],
)
async def test_a_search_finds_each_spelling(
    vault: KnowledgeVault, home: VaultId, question: str, best: str
) -> None:
    await take_in(vault, home, "cafe.txt", "The Café Müller serves soup at noon.")
    await take_in(vault, home, "order.txt", "Order AB-1234/56 was sent. The 57 boxes of part 9 are late.")
    await take_in(
        vault, home, "other-order.txt", "Order AB-1234/57 was sent. The 56 boxes of part 9 are late."
    )
    await take_in(vault, home, "settings.txt", "The value max_retries is three; it may be raised.")
    found = await vault.search(ALICE, [home], question)
    assert found.passages[0].document == best
    assert found.passages[0].ranks is not None
    assert found.passages[0].ranks.keyword == 1
