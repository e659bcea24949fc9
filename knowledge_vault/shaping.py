"""Make of ranked chunks the passages to show: copies collapsed, neighbours joined, and an account of what was left out.

Pure. What is joined or collapsed is so by the words themselves, so that two reports that differ in one number stay
two passages, and a joined passage is exactly the document's text from its start to its end.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from knowledge_vault.ranking import SAME, Ranked
from knowledge_vault.values import AlsoIn, Left, LeftOut, Passage, PassageId
from knowledge_vault.words import split_words

MOST_JOINED = 3
"""Chunks in one passage."""
JOINED_AMONG = 10
"""Neighbours are joined when both are among so many of the best, or among those wanted."""
LOOKED_AT = 4
"""Times as many candidates as passages wanted are looked at: copies free places for others."""
_ALIKE = 0.95
"""Of their words, counted, two copies share so much."""


@dataclass(eq=False)
class _Group:
    best: Ranked
    members: list[Ranked]
    """In the order of the text."""
    also_in: list[AlsoIn] = field(default_factory=list)


def shape(ranked: Sequence[Ranked], *, limit: int) -> tuple[list[Passage], list[LeftOut]]:
    """At most `limit` passages, best first, and what became of the other candidates."""
    groups: list[_Group] = []
    left_out: list[LeftOut] = []
    words: dict[PassageId, Counter[str]] = {}
    among = max(limit, JOINED_AMONG)
    looked_at = ranked[: max(limit * LOOKED_AT, JOINED_AMONG)]
    for place, each in enumerate(looked_at, start=1):
        if copied := next((group for group in groups if _is_copy(each, group.best, words)), None):
            copied.also_in.append(_place(each))
            left_out.append(_left_out(each, Left.COPY, copied.best))
            continue
        beside = next((group for group in groups if _joins(each, group)), None)
        if beside is not None and place <= among:
            beside.members = sorted([*beside.members, each], key=lambda member: member.item.number)
            left_out.append(_left_out(each, Left.JOINED, beside.best))
        elif len(groups) < limit:
            groups.append(_Group(each, [each]))
        else:
            left_out.append(_left_out(each, Left.BELOW, None))
    return [_passage(group) for group in groups], left_out


def _is_copy(one: Ranked, other: Ranked, words: dict[PassageId, Counter[str]]) -> bool:
    """Whether two candidates say the same in the same words, and the very same numbers."""
    if float(one.item.vector @ other.item.vector) < SAME:
        return False
    first, second = _words(one, words), _words(other, words)
    shared, either = (first & second).total(), (first | second).total()
    return bool(either) and shared / either >= _ALIKE and _numbers(first) == _numbers(second)


def _words(ranked: Ranked, known: dict[PassageId, Counter[str]]) -> Counter[str]:
    chunk = ranked.item.chunk
    if chunk.passage_id not in known:
        known[chunk.passage_id] = Counter(split_words(chunk.text))
    return known[chunk.passage_id]


def _numbers(words: Mapping[str, int]) -> set[str]:
    return {word for word in words if any(character.isdigit() for character in word)}


def _joins(ranked: Ranked, group: _Group) -> bool:
    """Whether a chunk touches the group's text from before or after."""
    first, last, item = group.members[0].item, group.members[-1].item, ranked.item
    if item.document.id != first.document.id or len(group.members) >= MOST_JOINED:
        return False
    if item.number == last.number + 1:
        return item.chunk.start <= last.chunk.end
    return item.number == first.number - 1 and first.chunk.start <= item.chunk.end


def _passage(group: _Group) -> Passage:
    best, first = group.best, group.members[0].item.chunk
    text, end = first.text, first.end
    for member in group.members[1:]:
        chunk = member.item.chunk
        text, end = text + chunk.text[end - chunk.start :], max(end, chunk.end)
    chunk, document = best.item.chunk, best.item.document
    return Passage(
        passage_id=chunk.passage_id,
        vault_id=document.vault_id,
        document_id=document.id,
        document=document.name,
        page=first.page,
        start=first.start,
        end=end,
        text=text,
        heading=chunk.heading,
        score=best.score,
        similarity=best.similarity,
        ranks=best.ranks,
        parent_start=min(first.start, chunk.parent_start),
        parent_end=max(end, chunk.parent_end),
        joined=len(group.members),
        also_in=tuple(group.also_in),
    )


def _place(ranked: Ranked) -> AlsoIn:
    chunk, document = ranked.item.chunk, ranked.item.document
    return AlsoIn(chunk.passage_id, document.vault_id, document.id, document.name, chunk.page)


def _left_out(ranked: Ranked, why: Left, into: Ranked | None) -> LeftOut:
    chunk, document = ranked.item.chunk, ranked.item.document
    return LeftOut(
        passage_id=chunk.passage_id,
        document_id=document.id,
        document=document.name,
        page=chunk.page,
        heading=chunk.heading,
        score=ranked.score,
        similarity=ranked.similarity,
        ranks=ranked.ranks,
        why=why,
        into=into.item.chunk.passage_id if into else None,
    )
