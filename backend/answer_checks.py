"""What a right answer is like, and whether one is: the checks that an agent's tests and `qanat evaluate` share.

Pure but for the comparison of meanings, which asks the embedder. Every outcome says in words why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator

from agent_runtime import service as runtime
from agent_runtime.errors import ModelFailed
from agent_runtime.ports import Embedder
from backend.text_likeness import holds, normalised


class _Check(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Contains(_Check):
    """The answer has these words; capitals and punctuation do not matter."""

    kind: Literal["contains"] = "contains"
    texts: list[str] = Field(min_length=1, max_length=20)
    which: Literal["any", "all"] = "all"

    @field_validator("texts")
    @classmethod
    def _not_empty(cls, texts: list[str]) -> list[str]:
        if not all(normalised(text) for text in texts):
            raise ValueError("write at least one letter or digit for each")
        return texts


class Means(_Check):
    """The answer says about the same as this text, as the embedder measures it."""

    kind: Literal["means"] = "means"
    text: str = Field(min_length=1, max_length=2_000)
    likeness: float = Field(0.6, ge=0.0, le=1.0)
    """From 0, as alike as sentences that have nothing to do with each other, to 1, the same."""


class Cites(_Check):
    """The answer cites a document, and where words are given, those words of it."""

    kind: Literal["cites"] = "cites"
    document: str = Field("", max_length=400)
    """Its name; empty for any."""
    quote: str = Field("", max_length=2_000)


class JsonShape(_Check):
    """The answer is JSON of this schema."""

    kind: Literal["json"] = "json"
    form: str = Field(max_length=8_000)

    @field_validator("form")
    @classmethod
    def _readable(cls, form: str) -> str:
        runtime.read_shape(form)
        return form


class Declines(_Check):
    """The agent says that it does not know: it found nothing, and cites nothing."""

    kind: Literal["declines"] = "declines"


Check: TypeAlias = Annotated[Contains | Means | Cites | JsonShape | Declines, Field(discriminator="kind")]
CHECK: TypeAdapter[Check] = TypeAdapter(Check)


@dataclass(frozen=True)
class Said:
    """An answer as the checks look at it."""

    answer: str
    citations: Sequence[Mapping[str, Any]]
    """With `document` and `quote`."""
    found: bool = True
    """False where the agent says that it found nothing."""


@dataclass(frozen=True)
class Outcome:
    passed: bool
    told: str
    """In words."""


async def judge(check: Check, said: Said, embedder: Embedder) -> Outcome:
    """Whether an answer is what a check asks for.

    Raises:
        SupportCheckFailed: the embedder did not answer.
    """
    match check:
        case Contains():
            return _contains(check, said)
        case Means():
            alike = await runtime.likeness(check.text, said.answer, embedder)
            told = f"Alike to {alike:.0%}; {check.likeness:.0%} are asked for."
            return Outcome(alike >= check.likeness, told)
        case Cites():
            return _cites(check, said)
        case JsonShape():
            try:
                runtime.parse_shape(said.answer, runtime.read_shape(check.form))
            except ModelFailed:
                return Outcome(False, "It is no JSON of this form.")
            return Outcome(True, "It is JSON of this form.")
        case Declines():
            if said.citations:
                return Outcome(False, "It answers, and cites documents for it.")
            return Outcome(
                not said.found, "It says that it found nothing." if not said.found else "It answers."
            )


def _contains(check: Contains, said: Said) -> Outcome:
    missing = [text for text in check.texts if not holds(said.answer, text)]
    if check.which == "any":
        passed = len(missing) < len(check.texts)
        return Outcome(passed, "It has one of them." if passed else "It has none of them.")
    return Outcome(not missing, f"It lacks: {', '.join(missing)}." if missing else "It has all of them.")


def _cites(check: Cites, said: Said) -> Outcome:
    if not said.citations:
        return Outcome(False, "It cites nothing.")
    wanted = normalised(check.document)
    of_document = [c for c in said.citations if not wanted or normalised(str(c["document"])) == wanted]
    if not of_document:
        names = ", ".join(sorted({str(citation["document"]) for citation in said.citations}))
        return Outcome(False, f"It cites other documents: {names}.")
    if check.quote and not any(_same_words(str(c["quote"]), check.quote) for c in of_document):
        return Outcome(False, "It cites the document, but other words of it.")
    return Outcome(True, "It cites it.")


def _same_words(quoted: str, expected: str) -> bool:
    return holds(quoted, expected) or holds(expected, quoted)
