"""The shapes of how documents are cut into chunks."""

from pydantic import BaseModel, Field

from knowledge_vault import values

LEAST = values.ChunkSizes.chosen(characters=200, overlap=0, parent_characters=200)
MOST = values.ChunkSizes.chosen(characters=4000, overlap=0.4, parent_characters=20_000)
RECOMMENDED = values.ChunkSizes()


class Chunking(BaseModel):
    """How documents are cut into the passages that a search finds."""

    characters: int = Field(RECOMMENDED.characters, ge=LEAST.characters, le=MOST.characters)
    """The most that a passage has."""
    overlap: float = Field(RECOMMENDED.overlap, ge=LEAST.overlap, le=MOST.overlap)
    """Share of a passage that the next one repeats."""
    parent_characters: int = Field(
        RECOMMENDED.parent_characters, ge=LEAST.parent_characters, le=MOST.parent_characters
    )
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


class ChunkingChoices(BaseModel):
    recommended: Chunking
    """Measured best on real documents."""
    least: Chunking
    most: Chunking


class RecuttingOut(BaseModel):
    """How far the cutting anew of a vault's documents has come."""

    is_under_way: bool
    done: int
    """Documents that are cut by the newest sizes by now, or that need no new cut."""
    total: int
    """0: none was begun since the server started."""


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
