"""What the vault hands out: ids and frozen values. Nothing here does anything."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

TenantId = NewType("TenantId", str)
VaultId = NewType("VaultId", str)
DocumentId = NewType("DocumentId", str)
PassageId = NewType("PassageId", str)
"""Names one chunk of one version of a document; taken in again it has the same."""


class Stage(StrEnum):
    """How far a document has come. Only `active` ones are found by a search.

    A file that is still arriving has no stage: it is acknowledged, and exists, once it is sealed.
    """

    SEALED = "sealed"
    """The original is sealed on disk and acknowledged."""
    PARSED = "parsed"
    """Its text and pages are known."""
    CHUNKED = "chunked"
    """How it is cut is known, and so is how much there is to embed."""
    EMBEDDED = "embedded"
    """Every chunk has its vector."""
    INDEXED = "indexed"
    """Every chunk lies in the index, where a search does not look at it yet."""
    ACTIVE = "active"
    """All of it can be found."""
    FAILED = "failed"
    """It stopped for the reason in `Document.problem`; `retry` begins again."""
    CANCELLED = "cancelled"
    """Somebody stopped it; `retry` begins again."""

    @property
    def is_final(self) -> bool:
        """Whether it stays so by itself."""
        return self in (Stage.ACTIVE, Stage.FAILED, Stage.CANCELLED)


class OwnerMode(StrEnum):
    """Who can open a vault. What each promises is in `keys/modes.py`."""

    ALWAYS = "always"
    """The server holds the key, under its root key."""
    SESSION = "session"
    """The owner holds it, and opens the vault into memory for some hours."""
    GRANT = "grant"
    """The owner holds it, and lets the server open the vault by itself until a date."""


class Protection(StrEnum):
    """What of a vault lies at rest to be searched. Documents, their text and names are sealed in either."""

    STANDARD = "standard"
    """A scrambled index: searched where it lies, also by an engine on another machine."""
    SEALED = "sealed"
    """Nothing: it is opened into memory for searching, and unreadable while it is not."""


@dataclass(frozen=True)
class Reindexing:
    """A vault's index is being built anew while the one before serves."""

    protection: Protection
    """What it will have then."""
    progress: float
    """From 0 to 1."""


@dataclass(frozen=True)
class Vault:
    id: VaultId
    name: str
    description: str
    created_at: datetime
    document_count: int
    """All documents, also those that are under way or failed."""
    chunk_count: int
    """Chunks of active documents."""
    size_bytes: int
    """Of the originals, unsealed."""
    not_ready_count: int
    """Documents that a search does not see yet, or never will: neither active nor deleted."""
    protection: Protection
    reindexing: Reindexing | None
    mode: OwnerMode
    is_locked: bool
    """Its name cannot be read then, nor anything in it."""
    open_until: datetime | None
    """When it locks itself; None where it is locked or always open."""
    chunking: "ChunkSizes"
    """How documents that are taken in from now on are cut."""


@dataclass(frozen=True)
class Problem:
    title: str
    """The trouble in a few words."""
    detail: str
    """What happened and what to do next."""


class Period(StrEnum):
    """How often a page of the web is fetched again by itself."""

    NEVER = "never"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"

    @property
    def hours(self) -> int | None:
        """None for never."""
        return {"never": None, "hourly": 1, "daily": 24, "weekly": 24 * 7}[self.value]


@dataclass(frozen=True)
class WebSource:
    """The page of the web that a document came from, and how it is kept up with."""

    url: str
    period: Period
    fetched_at: datetime | None
    """When it was last asked for after it was added, whatever came of it."""
    changed_at: datetime | None
    """When it was last found changed."""
    next_at: datetime | None
    """When it is asked for again; None when it never is, by choice or since it failed too often."""
    failures: int
    """In a row."""
    problem: Problem | None
    """Why it could not be fetched the last time; what was read before stays."""


@dataclass(frozen=True)
class Document:
    id: DocumentId
    vault_id: VaultId
    name: str
    """The last part of the file name it came with; never used as a path."""
    media_type: str
    size_bytes: int
    stage: Stage
    progress: float
    """From 0 to 1, over all stages."""
    problem: Problem | None
    """Why it failed; at any other stage, what of it could not be read while the rest was."""
    page_count: int | None
    """None for kinds without pages, and before parsing."""
    chunk_count: int
    """0 before it is chunked."""
    chunks_done: int
    """How many chunks are embedded."""
    pages_done: int
    """How many of its pages, from the first on, are embedded whole; 0 for kinds without pages."""
    created_at: datetime
    version: int
    attempt: int
    """1, and one more with each retry."""
    tags: tuple[str, ...] = ()
    """What its owner calls it by, in alphabetical order."""
    replacement: "Document | None" = None
    """What takes its place once all of that can be found; only in lists and when asked for by id."""
    web_source: WebSource | None = None
    """None for a file; only in lists and when asked for by id."""

    @property
    def job(self) -> str:
        """Names this attempt at this version of it, or of its replacement."""
        latest = self.replacement or self
        return f"{latest.version}-{latest.attempt}"


@dataclass(frozen=True)
class Intake:
    """How far a vault's documents have come, all together."""

    documents: Mapping[Stage, int]
    """How many documents are at each stage; stages with none are left out."""
    chunks_done: int
    """Embedded, of documents that are under way."""
    chunks_known: int
    """All chunks of documents that are under way, as far as they are known yet."""
    seconds_left: float | None
    """Until all are active, at the pace of the last minutes; None when nothing is under way or no pace is known."""


@dataclass(frozen=True)
class Added:
    document: Document
    already_there: bool
    """The vault has a document with these very bytes: that one is returned, and nothing new was kept."""


@dataclass(frozen=True)
class Page:
    number: int
    """From 1."""
    start: int
    """Offset of its first character in the document's text."""
    end: int
    """Offset after its last character."""


@dataclass(frozen=True)
class DocumentText:
    document: Document
    text: str
    """All the text, as citations count it: `text[start:end]`."""
    pages: tuple[Page, ...]
    """Empty for kinds without pages."""


@dataclass(frozen=True)
class Chunk:
    """A stretch of a document as stored."""

    passage_id: PassageId
    number: int
    """From 0, in the order of the text."""
    text: str
    """`document_text.text[start:end]`, exactly."""
    start: int
    end: int
    page: int | None
    """The page on which it begins, from 1."""
    heading: str
    """The headings it stands under, outermost first, joined by " › "; empty when there are none."""
    parent_start: int
    parent_end: int
    """The section around it, `document_text.text[parent_start:parent_end]`: found by the chunk, read with this."""


@dataclass(frozen=True)
class Ranks:
    """The place, from 1, that each stage of a search gave a passage; None where the stage did not list it."""

    keyword: int | None
    vector: int | None
    fused: int
    rerank: int | None = None
    """Among the few that a reranker read; where it gave places, they are the order."""


@dataclass(frozen=True)
class AlsoIn:
    """Another place with the same words as a passage."""

    passage_id: PassageId
    vault_id: VaultId
    document_id: DocumentId
    document: str
    page: int | None


@dataclass(frozen=True)
class Passage:
    """A stretch of a document as found: a chunk, or several that follow each other."""

    passage_id: PassageId
    vault_id: VaultId
    document_id: DocumentId
    document: str
    """The document's name."""
    page: int | None
    start: int
    end: int
    text: str
    heading: str
    score: float
    """The fused score: comparable within one search only, and not the order where a reranker made that. 0 when not
    found by searching."""
    similarity: float
    """Exact cosine of question and passage, comparable between searches. 0 when not searched."""
    ranks: Ranks | None
    """None when not found by searching."""
    parent_start: int = 0
    parent_end: int = 0
    """The section around it, in the document's text; as narrow as the passage where none is known."""
    section: str | None = None
    """The words of that section; only when the search was asked for them."""
    joined: int = 1
    """How many chunks that follow each other it was made of: all were found."""
    also_in: tuple[AlsoIn, ...] = ()
    """Where else the same words stand; those are not passages of their own."""


@dataclass(frozen=True)
class Filters:
    """Which documents a search looks at. What is empty or None leaves nothing out."""

    tags: Collection[str] = ()
    """A document must have all of them; upper and lower case are the same."""
    types: Collection[str] = ()
    """Endings of file names such as "pdf", or media types; one of them suffices."""
    documents: Collection[str] = ()
    """Ids, or whole names in upper or lower case; one of them suffices."""
    added_after: datetime | None = None
    """Added at this time or later."""
    added_before: datetime | None = None
    """Added before this time."""


@dataclass(frozen=True)
class Listing:
    """Which of a vault's documents to list. What is empty leaves nothing out."""

    name: str = ""
    """A part of the name; upper and lower case are the same."""
    tags: Collection[str] = ()
    """A document must have all of them."""
    types: Collection[str] = ()
    """As in `Filters`."""
    stages: Collection[Stage] = ()
    """It, or what is to replace it, is at one of them."""
    offset: int = 0
    limit: int = 50


@dataclass(frozen=True)
class DocumentPage:
    """A part of a vault's documents."""

    documents: Sequence[Document]
    total_count: int
    """How many the listing lets through, on all pages."""
    under_way_count: int
    """How many of the whole vault are being taken in or replaced."""


@dataclass(frozen=True)
class Contents:
    """What a vault's documents can be told apart by, each with how many documents have it."""

    tags: Mapping[str, int]
    """In alphabetical order."""
    types: Mapping[str, int]
    """Media types, the most frequent first."""


class Left(StrEnum):
    """Why a candidate is not a passage of its own."""

    COPY = "copy"
    """It says the same in the same words as the passage `into`."""
    JOINED = "joined"
    """It is part of the passage `into`, which it follows or precedes."""
    BELOW = "below_limit"
    """Others were better."""


@dataclass(frozen=True)
class LeftOut:
    """A candidate of a search that did not become a passage."""

    passage_id: PassageId
    document_id: DocumentId
    document: str
    page: int | None
    heading: str
    score: float
    similarity: float
    ranks: Ranks
    why: Left
    into: PassageId | None
    """The passage it went into; None when it went into none."""


@dataclass(frozen=True)
class Relevance:
    """Whether anything that bears on a question was found, and why."""

    found: bool
    margin: float
    """How far on either side of the line it was; 0 is the line itself."""
    likeness: float
    """Of the passage nearest in meaning: 0 is as near as unrelated text, 1 the very words."""
    coverage: float
    """Share of the question's weighted words that the vaults know: near 0 is another language or subject."""
    together: float
    """The most of the question's weighted words that stand near each other in one of the best passages."""
    lead: float
    """How much more of them the best passage has than those after it."""
    ahead: float
    """How much nearer in meaning the first passage is than those after it, as likeness is counted."""
    words_count: bool
    """Whether the question's words took part; without, `together`, `lead` and `ahead` are 0 and meaning decides."""
    same_language: bool
    """Whether the nearest passage is in the question's language; in another, likeness is less."""

    @property
    def reason(self) -> str:
        """In a plain sentence."""
        if self.found:
            return "The best passages bear on the question."
        if not self.words_count:
            return (
                "The documents know too few of the question's words, and nothing is near enough in meaning."
            )
        return "The passages found share some words with the question, but none says enough of what it asks."


@dataclass(frozen=True)
class NotReady:
    """Documents of one vault that a search could not look at."""

    vault_id: VaultId
    count: int
    documents: tuple[Document, ...]
    """The first of them, oldest first; fewer than `count` when there are many."""


class Reranking(StrEnum):
    """What became of the second look at the best candidates."""

    NONE = "none"
    """The server has no reranker, or there was nothing to look at."""
    OFF = "off"
    """This search was asked to do without."""
    DONE = "done"
    """The best candidates are in the reranker's order."""
    FAILED = "failed"
    """It gave no scores: the order is that of the search itself."""
    TIMED_OUT = "timed_out"
    """It took too long: the order is that of the search itself."""


NOTHING_ASKED = Relevance(False, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, words_count=False, same_language=True)
"""When there was no question, or nowhere to look."""


@dataclass(frozen=True)
class SearchResult:
    passages: tuple[Passage, ...]
    """Best first."""
    not_ready_count: int
    """Documents of these vaults that were not active: an answer can say what it has not seen."""
    relevance: Relevance
    """Whether the passages bear on the question: with `found` false an honest answer says that nothing was."""
    left_out: tuple[LeftOut, ...] = ()
    """Candidates that did not become passages, best first: copies, parts of passages, and the next best."""
    not_ready: tuple[NotReady, ...] = ()
    """The same documents by name, vault by vault; only vaults that have some."""
    reranking: Reranking = Reranking.NONE
    """What a reranker had to do with the order."""


@dataclass(frozen=True)
class Origin:
    """Where on the web a document came from, and which version it was there."""

    url: str
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True)
class ChunkSizes:
    """How documents are cut. Measured best on real documents: retrieval.md §3.4."""

    characters: int = 1600
    tokens: int = 480
    """The embedder reads 512, less its prompt, marks and the heading."""
    overlap: float = 0.12
    """Of `characters`, taken over from the end of the chunk before."""
    least: int = 400
    """A section shorter than this is joined with the next instead of standing alone."""
    parent_characters: int = 4800
    """The most that a parent spans; never less than its chunk."""

    @classmethod
    def chosen(cls, *, characters: int, overlap: float, parent_characters: int) -> "ChunkSizes":
        """By the three that a person decides; the rest follows."""
        return cls(
            characters=characters,
            overlap=overlap,
            parent_characters=parent_characters,
            least=min(400, characters // 4),
        )


@dataclass(frozen=True)
class Limits:
    """What one document may cost."""

    file_bytes: int = 100 * 1024 * 1024
    text_characters: int = 20_000_000
    pages: int = 5_000
    archive_members: int = 2_000
    archive_bytes: int = 200 * 1024 * 1024
    """All that an archive unpacks to; office files and books are archives too."""
    archive_ratio: int = 100
    """Unpacked to packed, of the whole archive."""
    memory_bytes: int = 1024 * 1024 * 1024
    cpu_s: int = 60
    wall_s: float = 90.0
    recognition_s: float = 240.0
    """For the text recognition (OCR) of a PDF's pictures, on top."""


@dataclass(frozen=True)
class SealedLimits:
    """What sealed vaults may cost."""

    chunks: int = 100_000
    """In one vault: all of them are in memory while it is open, and every search looks at each."""
    memory_bytes: int = 1024 * 1024 * 1024
    """For all vaults that are open together; the least used are closed. A full one takes about 220 MB."""
    idle_s: float = 900.0
    """How long a vault stays open without being used."""
    segment_chunks: int = 1000
    """In a segment at rest: few enough to write again when one of its documents goes, enough to open quickly."""


@dataclass(frozen=True)
class Stats:
    vaults: int
    documents: int
    chunks: int
    not_ready: int
    vaults_to_compare: int = 0
    """Whose index was not compared with their documents since the start; a search of one has it done first."""
