"""Find passages in vaults."""

from collections.abc import Iterable
from datetime import date

from pydantic import Field

from agent_runtime.errors import RetrievalFailed
from agent_runtime.node_kinds.declare import Drawn, Fault, Inputs, Outputs, Settings, Socket, node_kind
from agent_runtime.node_kinds.values import Passages, as_text
from agent_runtime.not_ready import told
from agent_runtime.ports import Filters
from agent_runtime.step import Step


class SearchDocumentsSettings(Settings):
    vaults: list[str] = Field(
        default_factory=list,
        max_length=20,
        title="Vaults",
        description="The vaults whose documents are searched.",
        json_schema_extra={"format": "vaults"},
    )
    limit: int = Field(
        6, ge=1, le=50, title="Passages", description="The most passages to find. Six suits most questions."
    )
    only_relevant: bool = Field(
        True,
        title="Only what bears on the question",
        description=(
            "Hand on nothing when the best passages say too little of what is asked, so that the agent says that "
            "it found nothing instead of guessing."
        ),
    )
    rerank: bool = Field(
        True,
        title="Read the best again",
        description=(
            "Where this server has a reranker, it reads the question beside each of the best passages and orders "
            "them anew: better as a rule, and slower. A server without one leaves the order as it is."
        ),
    )
    tags: str = Field(
        "",
        max_length=1_000,
        title="Only with these tags",
        description="Commas between them; a document must have all. Empty: tags do not matter.",
    )
    types: str = Field(
        "",
        max_length=300,
        title="Only these kinds of files",
        description="Endings such as pdf, docx; commas between them. Empty: all kinds.",
    )
    documents: str = Field(
        "",
        max_length=4_000,
        title="Only these documents",
        description="Their whole names; commas between them. Empty: all documents.",
    )
    added_after: str = Field(
        "",
        pattern=r"^(\d{4}-\d{2}-\d{2})?$",
        title="Added on or after",
        description="A day such as 2026-01-31, in UTC. Empty: at any time.",
    )
    added_before: str = Field(
        "",
        pattern=r"^(\d{4}-\d{2}-\d{2})?$",
        title="Added before",
        description="A day such as 2026-01-31, in UTC. Empty: at any time.",
    )

    def filters(self) -> Filters:
        """Raises:
        ValueError: a day is none.
        """
        return Filters(
            tags=_listed(self.tags),
            types=_listed(self.types),
            documents=_listed(self.documents),
            added_after=date.fromisoformat(self.added_after) if self.added_after else None,
            added_before=date.fromisoformat(self.added_before) if self.added_before else None,
        )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _faults(settings: SearchDocumentsSettings, drawn: Drawn) -> Iterable[Fault]:
    if not settings.vaults:
        yield "vault_missing", "Choose at least one vault to search."
    try:
        settings.filters()
    except ValueError:
        yield "day_unknown", "There is no such day: write it as in 2026-01-31."
    if drawn.vaults is not None:
        for vault in settings.vaults:
            if vault not in drawn.vaults:
                yield (
                    "vault_unknown",
                    f"The vault {vault[:64]!r} does not exist or is not yours: choose another one.",
                )


@node_kind(
    "search_documents",
    title="Search documents",
    category="knowledge",
    settings=SearchDocumentsSettings,
    inputs=[Socket(name="question", type="question", title="Question")],
    outputs=[Socket(name="passages", type="passages", title="Passages")],
    example={"vaults": ["your-vault"], "limit": 6},
    faults=_faults,
)
async def search_documents(inputs: Inputs, settings: SearchDocumentsSettings, step: Step) -> Outputs:
    """Finds the passages of your documents that bear on the question, best first.

    It looks for the same words and for the same meaning, and hands on the passages it finds.
    When nothing bears on the question it hands on an empty list: use "If / otherwise" to say what happens then.
    """
    question = as_text(inputs["question"])
    known = step.tools.known_vaults
    if known is not None and not known.issuperset(settings.vaults):
        raise RetrievalFailed("A vault that this agent searches is gone: its owner must choose another one.")
    found = await step.tools.retriever.search(
        question,
        vaults=tuple(settings.vaults),
        limit=settings.limit,
        filters=settings.filters(),
        rerank=settings.rerank,
    )
    handed_on = found.passages[: settings.limit] if found.is_relevant or not settings.only_relevant else ()
    step.unsearched.note(found.not_ready)
    if found.not_ready:
        step.detail["not_ready"] = told(found.not_ready).model_dump()
    if found.reranking != "none":
        step.detail["reranking"] = found.reranking
    step.detail.update(
        question=question,
        found=len(handed_on),
        relevance={"found": found.is_relevant, "why": found.why, **found.measured},
        nearest=[{"document": each.document, "heading": each.heading} for each in found.passages[:3]],
    )
    return {"passages": Passages(handed_on)}
