"""What is asked, in the words of each language that the searched vaults hold, weighed by how rare they are there."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge_vault import relevance
from knowledge_vault.fusion import coverage, idf, is_open
from knowledge_vault.index.scramble import SearchKeys
from knowledge_vault.spellings import also_asked, plain
from knowledge_vault.statistics import Statistics, Totals
from knowledge_vault.values import VaultId
from knowledge_vault.words import Language, share_without_spaces, split_words, stem


@dataclass(frozen=True)
class Question:
    """A question's stems in each language of the vaults, with what they weigh there.

    Of a word's two spellings, with and without accents, the one that more chunks have stands for both: chunks keep
    the plain one beside the accented one, but for those that were cut before it was kept.
    """

    text: str
    weights: Mapping[Language, Mapping[str, float]]
    known: Mapping[Language, Collection[str]]
    mean_word_count: Mapping[Language, float]
    chunk_counts: Mapping[VaultId, int]
    share_without_spaces: float
    telling: Mapping[Language, Mapping[str, float]]
    """The weights by which `relevance` counts."""
    more: Mapping[Language, Mapping[str, float]]
    """Identifiers whole and in parts that occur somewhere: they lift who has them, and nobody is expected to."""

    @property
    def population(self) -> int:
        """Chunks of all the vaults."""
        return sum(self.chunk_counts.values())

    @cached_property
    def coverage(self) -> float:
        return max(
            (coverage(words, self.known[language]) for language, words in self.weights.items()), default=0.0
        )

    @property
    def may_use_words(self) -> bool:
        return is_open(self.coverage, self.share_without_spaces)

    def words(self, keys: SearchKeys) -> Mapping[int, float]:
        """The words that occur somewhere, as one vault's sealed chunks name them."""
        known = {
            keys.word(language, word): weight
            for language, words in self.weights.items()
            for word, weight in words.items()
            if word in self.known[language]
        }
        return {
            keys.word(language, word): weight
            for language, words in self.more.items()
            for word, weight in words.items()
        } | known

    def terms(self, keys: SearchKeys) -> Mapping[int, float]:
        """The same words, as one vault's index knows them."""
        return {keys.term(word): weight for word, weight in self.words(keys).items()}


async def weigh(
    connection: AsyncConnection, statistics: Statistics, keys: Mapping[VaultId, SearchKeys], text: str
) -> Question:
    """Weigh the words over all vaults searched together, so that their passages compare."""
    words = split_words(text)
    totals: dict[Language, Totals] = {}
    chunk_counts: dict[VaultId, int] = {}
    for vault, key in keys.items():
        of_vault = await statistics.totals(connection, key)
        chunk_counts[vault] = sum(each.chunk_count for each in of_vault.values())
        for language, more in of_vault.items():
            known = totals.get(language, Totals(0, 0))
            totals[language] = Totals(
                known.chunk_count + more.chunk_count, known.word_count + more.word_count
            )
    spelled = {
        language: list(dict.fromkeys(zip(stem(words, language), stem(plain(words), language), strict=True)))
        for language in totals
    }
    identifiers = {language: also_asked(text, words, language) for language in totals}
    containing: dict[tuple[Language, str], int] = {}
    for key in keys.values():
        named = {
            key.term(key.word(language, each)): (language, each)
            for language in totals
            for each in (
                *(spelling for pair in spelled[language] for spelling in pair),
                *identifiers[language],
            )
        }
        for term, count in (await statistics.frequencies(connection, key, named)).items():
            containing[named[term]] = containing.get(named[term], 0) + count

    def counted(language: Language, word: str) -> tuple[int, int]:
        return totals[language].chunk_count, containing.get((language, word), 0)

    stems = {
        language: list(dict.fromkeys(_commoner(pair, language, containing) for pair in pairs))
        for language, pairs in spelled.items()
    }
    return Question(
        text=text,
        weights={
            language: {each: idf(*counted(language, each)) for each in stems[language]} for language in totals
        },
        known={
            language: {each for each in stems[language] if (language, each) in containing}
            for language in totals
        },
        mean_word_count={language: each.word_count / each.chunk_count for language, each in totals.items()},
        chunk_counts=chunk_counts,
        share_without_spaces=share_without_spaces(words),
        telling={
            language: {each: relevance.weight(*counted(language, each)) for each in stems[language]}
            for language in totals
        },
        more={
            language: {
                each: min(idf(*counted(language, each)), idf(*counted(language, usual)))
                for each, usual in identifiers[language].items()
                if (language, each) in containing and each not in stems[language]
            }
            for language in totals
        },
    )


def _commoner(
    pair: tuple[str, str], language: Language, containing: Mapping[tuple[Language, str], int]
) -> str:
    usual, plain_one = pair
    more_have_it = containing.get((language, plain_one), 0) > containing.get((language, usual), 0)
    return plain_one if plain_one and more_have_it else usual
