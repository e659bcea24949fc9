"""Choose a way by what a text means, compared with examples."""

from collections.abc import Iterable, Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from agent_runtime.errors import EmbedderMissing
from agent_runtime.node_kinds.declare import (
    Drawn,
    Fault,
    Inputs,
    Outputs,
    RowOutputs,
    Settings,
    Socket,
    node_kind,
)
from agent_runtime.node_kinds.names import SocketName
from agent_runtime.node_kinds.values import as_text
from agent_runtime.ports import Vectors
from agent_runtime.step import Step

MAX_READ_CHARACTERS = 2_000
"""What a text means is judged by its beginning; an embedder reads little more."""
MAX_EXAMPLES = 20
MARGIN = 0.06
"""Measured by `tests/bench/measure_sorting.py`; docs/decisions/running-graphs.md says what it gives."""


class Category(BaseModel):
    """One way, and what belongs there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: SocketName = Field(
        "first",
        title="Id",
        description="Its output's name, which edges keep.",
        json_schema_extra={"format": "row-id"},
    )
    name: str = Field(
        "", max_length=60, title="Name", description="What belongs here, in a word or two, such as: billing."
    )
    examples: str = Field(
        "",
        max_length=4_000,
        title="Examples",
        description="One a line, as people would write them. Three or more, in the words of your users, work best.",
    )

    def texts(self) -> list[str]:
        return [self.name, *(line.strip() for line in self.examples.splitlines() if line.strip())]


class SortByMeaningSettings(Settings):
    categories: list[Category] = Field(
        default_factory=list,
        max_length=12,
        title="Categories",
        description="At least two.",
        json_schema_extra={"format": "rows", "default": [{"id": "first"}, {"id": "second"}]},
    )
    margin: float = Field(
        MARGIN,
        ge=0.0,
        le=1.0,
        title="Margin",
        description=(
            "How much nearer the best category must be than the second; else it is “None of these”. Higher is more "
            "careful. 0 always chooses one."
        ),
    )


def _faults(settings: SortByMeaningSettings, drawn: Drawn) -> Iterable[Fault]:
    if len(settings.categories) < 2:
        yield "categories_missing", "Sorting needs at least two categories: add one."
    ids = [category.id for category in settings.categories]
    if len(set(ids)) < len(ids) or "none" in ids:
        yield "branch_repeated", "Two categories have the same id: remove one and add it again."
    for category in settings.categories:
        if not category.name.strip():
            yield "category_unnamed", "A category has no name: say in a word or two what belongs there."
        if not 1 < len(category.texts()) <= MAX_EXAMPLES + 1:
            yield "examples_missing", f"“{category.name}” needs 1 to {MAX_EXAMPLES} examples, one a line."


@node_kind(
    "sort_by_meaning",
    title="Sort by meaning",
    category="logic",
    settings=SortByMeaningSettings,
    inputs=[Socket(name="value", type="any", title="Value")],
    outputs=[Socket(name="none", type="any", title="None of these", passes="value")],
    outputs_from=RowOutputs(setting="categories", type="any", passes="value"),
    example={
        "categories": [
            {
                "id": "billing",
                "name": "Billing",
                "examples": "I was charged twice\nWhere is my invoice?\nI want my money back",
            },
            {
                "id": "technical",
                "name": "Technical problem",
                "examples": "The app crashes\nI cannot log in any more\nThe page stays empty",
            },
        ]
    },
    faults=_faults,
)
async def sort_by_meaning(inputs: Inputs, settings: SortByMeaningSettings, step: Step) -> Outputs:
    """Sends what arrives to the category whose examples mean the most similar, in whatever words or language.

    When no category is clearly nearer than the others, it goes to "None of these". It compares meanings without
    asking the model, so it is quick. Try it with real sentences, and add those that go wrong as examples.
    """
    value = inputs["value"]
    if step.tools.embedder is None:
        raise EmbedderMissing("This server compares no meanings: its operator must prepare the embedder.")
    texts = [text for category in settings.categories for text in category.texts()]
    owners = [number for number, category in enumerate(settings.categories) for _ in category.texts()]
    vectors = await step.tools.embedder.embed([as_text(value)[:MAX_READ_CHARACTERS] or " ", *texts])
    likeness = liken(vectors[0], vectors[1:], owners, len(settings.categories))
    order = np.argsort(-likeness)
    margin = float(likeness[order[0]] - likeness[order[1]])
    best = settings.categories[int(order[0])]
    step.detail.update(
        likeness={c.name: round(float(likeness[n]), 3) for n, c in enumerate(settings.categories)},
        margin=round(margin, 3),
        category=best.name if margin >= settings.margin else "None of these",
    )
    return {best.id if margin >= settings.margin else "none": value}


def liken(wanted: Vectors, examples: Vectors, owners: Sequence[int], count: int) -> Vectors:
    """How alike one text is to each of `count` categories: `(count,)`, from -1 to 1.

    `wanted` is one row of length 1, `examples` one such row a text, `owners` the category of each. All texts have much
    in common for an embedder; the examples' mean is taken away first, so that what sets them apart is compared.
    """
    middle = examples.mean(axis=0)
    rows = _directions(examples - middle)
    here = _directions((wanted - middle)[np.newaxis])[0]
    alike = rows @ here
    belongs = np.array(owners)
    return np.array([alike[belongs == number].mean() for number in range(count)], dtype=np.float32)


def _directions(rows: Vectors) -> Vectors:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    directions: Vectors = rows / np.maximum(lengths, 1e-9)
    return directions
