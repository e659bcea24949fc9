"""The shapes of a search in HTTP: the question with its filters, and what was found and why."""

from pydantic import AwareDatetime, BaseModel, Field

from knowledge_vault import values


class FiltersIn(BaseModel):
    """Which documents are searched. What is empty or null leaves nothing out."""

    tags: list[str] = Field(default_factory=list, max_length=30)
    """A document must have all of them."""
    types: list[str] = Field(default_factory=list, max_length=30)
    """Endings of file names such as "pdf", or media types; one of them suffices."""
    documents: list[str] = Field(default_factory=list, max_length=500)
    """Ids or whole names; one of them suffices."""
    added_after: AwareDatetime | None = None
    added_before: AwareDatetime | None = None

    def values(self) -> values.Filters:
        return values.Filters(
            tags=tuple(self.tags),
            types=tuple(self.types),
            documents=tuple(self.documents),
            added_after=self.added_after,
            added_before=self.added_before,
        )


class SearchIn(BaseModel):
    question: str = Field(min_length=1, max_length=8000)
    limit: int = Field(8, ge=1, le=50)
    explain: bool = False
    """Tell also what was found but is not shown, and why."""
    sections: bool = False
    """Bring the section around each passage along."""
    rerank: bool = True
    """Let the server's reranker put the best passages in order; says nothing where there is none."""
    filters: FiltersIn | None = None
    """Which documents to search; null: all of the vault."""


class RanksOut(BaseModel):
    """The place, from 1, that each stage gave a passage; `null` where the stage did not list it."""

    keyword: int | None
    vector: int | None
    fused: int | None
    rerank: int | None

    @classmethod
    def of(cls, ranks: values.Ranks | None) -> "RanksOut":
        if ranks is None:
            return cls(keyword=None, vector=None, fused=None, rerank=None)
        return cls(keyword=ranks.keyword, vector=ranks.vector, fused=ranks.fused, rerank=ranks.rerank)


class AlsoInOut(BaseModel):
    """Another place with the same words."""

    passage_id: str
    vault_id: str
    document_id: str
    document: str
    page: int | None


class PassageOut(BaseModel):
    passage_id: str
    vault_id: str
    document_id: str
    document: str
    page: int | None
    start: int
    end: int
    text: str
    heading: str
    score: float
    similarity: float
    ranks: RanksOut
    parent_start: int
    parent_end: int
    """The section around it."""
    section: str | None
    """The words of that section; only when asked for."""
    joined: int
    """How many chunks that follow each other it was made of."""
    also_in: list[AlsoInOut]
    """Where else the same words stand."""

    @classmethod
    def of(cls, passage: values.Passage) -> "PassageOut":
        return cls(
            passage_id=passage.passage_id,
            vault_id=passage.vault_id,
            document_id=passage.document_id,
            document=passage.document,
            page=passage.page,
            start=passage.start,
            end=passage.end,
            text=passage.text,
            heading=passage.heading,
            score=passage.score,
            similarity=passage.similarity,
            ranks=RanksOut.of(passage.ranks),
            parent_start=passage.parent_start,
            parent_end=passage.parent_end,
            section=passage.section,
            joined=passage.joined,
            also_in=[
                AlsoInOut(
                    passage_id=place.passage_id,
                    vault_id=place.vault_id,
                    document_id=place.document_id,
                    document=place.document,
                    page=place.page,
                )
                for place in passage.also_in
            ],
        )


class LeftOutOut(BaseModel):
    """What was found but is not shown as a passage of its own."""

    passage_id: str
    document_id: str
    document: str
    page: int | None
    heading: str
    score: float
    similarity: float
    ranks: RanksOut
    why: values.Left
    into: str | None
    """The passage that it is a copy or a part of."""

    @classmethod
    def of(cls, left: values.LeftOut) -> "LeftOutOut":
        return cls(
            passage_id=left.passage_id,
            document_id=left.document_id,
            document=left.document,
            page=left.page,
            heading=left.heading,
            score=left.score,
            similarity=left.similarity,
            ranks=RanksOut.of(left.ranks),
            why=left.why,
            into=left.into,
        )


class RelevanceOut(BaseModel):
    """Whether anything that bears on the question was found, and the numbers that decided."""

    found: bool
    reason: str
    margin: float
    """How far on either side of the line; 0 is the line itself."""
    likeness: float
    """Of the passage nearest in meaning: 0 is as near as unrelated text, 1 the very words."""
    coverage: float
    """Share of the question's weighted words that the vault knows."""
    together: float
    """The most of them that stand near each other in one of the best passages."""
    lead: float
    """How much more of them the best passage has than those after it."""
    words_count: bool
    """Whether words took part: they do not when the vault knows too few of them."""
    same_language: bool
    """Whether the nearest passage is in the question's language."""

    @classmethod
    def of(cls, relevance: values.Relevance) -> "RelevanceOut":
        return cls(
            found=relevance.found,
            reason=relevance.reason,
            margin=relevance.margin,
            likeness=relevance.likeness,
            coverage=relevance.coverage,
            together=relevance.together,
            lead=relevance.lead,
            words_count=relevance.words_count,
            same_language=relevance.same_language,
        )


class SearchOut(BaseModel):
    passages: list[PassageOut]
    """What comes nearest, also when it does not bear on the question."""
    relevance: RelevanceOut
    left_out: list[LeftOutOut]
    """Empty unless explanations were asked for."""
    reranking: values.Reranking
    """Whether a reranker made the order. `failed` and `timed_out`: the search kept its own."""
    not_ready_count: int
    took_ms: int
