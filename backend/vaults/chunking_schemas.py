"""The shapes of how documents are cut into chunks."""

from pydantic import BaseModel, Field

from knowledge_vault import values


class Chunking(BaseModel):
    """How documents are cut into the passages that a search finds."""

    characters: int = Field(1600, ge=200, le=4000)
    """The most that a passage has."""
    overlap: float = Field(0.12, ge=0, le=0.4)
    """Share of a passage that the next one repeats."""
    parent_characters: int = Field(4800, ge=200, le=20_000)
    """The most that is read around a passage that was found."""

    def sizes(self) -> values.ChunkSizes:
        return values.ChunkSizes.chosen(
            characters=self.characters, overlap=self.overlap, parent_characters=self.parent_characters
        )

    @classmethod
    def of(cls, sizes: values.ChunkSizes) -> "Chunking":
        return cls(
            characters=sizes.characters, overlap=sizes.overlap, parent_characters=sizes.parent_characters
        )


class ChunkOut(BaseModel):
    passage_id: str
    number: int
    text: str
    start: int
    end: int
    page: int | None
    heading: str
    parent_start: int
    parent_end: int
    """The section around it: what is read when it is found."""

    @classmethod
    def of(cls, chunk: values.Chunk) -> "ChunkOut":
        return cls(
            passage_id=chunk.passage_id,
            number=chunk.number,
            text=chunk.text,
            start=chunk.start,
            end=chunk.end,
            page=chunk.page,
            heading=chunk.heading,
            parent_start=chunk.parent_start,
            parent_end=chunk.parent_end,
        )
