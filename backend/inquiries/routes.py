"""HTTP for what runs ask of people."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from backend.accounts.principal import SignedIn
from backend.inquiries.service import MOST_CHARACTERS, OpenInquiry
from backend.responses import errors
from backend.services import ServicesDep

router = APIRouter(prefix="/api/inquiries", tags=["inquiries"])


class InquiryOut(BaseModel):
    """Something that an agent waits for."""

    id: str
    run_id: str | None
    """The run that asks; only for a run of one's own."""
    agent_id: str
    agent_name: str
    state: Literal["open", "approved", "rejected", "timed_out", "withdrawn"]
    title: str
    instructions: str
    value: str
    """What is to be approved."""
    may_edit: bool
    asked_at: datetime
    expires_at: datetime | None
    """When the run goes on without an answer."""
    answered_at: datetime | None
    answer: str | None
    """What was approved, as one left it."""
    note: str

    @classmethod
    def of(cls, opened: OpenInquiry) -> "InquiryOut":
        inquiry, content, reply = opened.inquiry, opened.content, opened.reply
        return cls(
            id=inquiry.id,
            run_id=inquiry.run_id if opened.is_own_run else None,
            agent_id=inquiry.agent_id,
            agent_name=opened.agent_name,
            state=inquiry.state,
            title=content["title"],
            instructions=content["instructions"],
            value=content["value"],
            may_edit=content["may_edit"],
            asked_at=inquiry.created_at,
            expires_at=inquiry.expires_at,
            answered_at=inquiry.answered_at,
            answer=reply["value"] if reply else None,
            note=reply["note"] if reply else "",
        )


class ReplyIn(BaseModel):
    decision: Literal["approved", "rejected"]
    value: str | None = Field(None, max_length=MOST_CHARACTERS)
    """What to go on with, where it was changed; nothing leaves it as it is."""
    note: str = Field("", max_length=2_000)
    """A word about it, for the steps after."""


@router.get("", responses=errors(401))
async def list_inquiries(
    principal: SignedIn,
    services: ServicesDep,
    all: bool = False,  # noqa: A002  # as it reads in an address
) -> list[InquiryOut]:
    """What agents wait for one to decide, newest first; with `all` also what is over."""
    found = await services.inquiries.list_inquiries(principal, only_open=not all)
    return [InquiryOut.of(opened) for opened in found]


@router.get("/{inquiry_id}", responses=errors(401, 404))
async def get_inquiry(inquiry_id: str, principal: SignedIn, services: ServicesDep) -> InquiryOut:
    return InquiryOut.of(await services.inquiries.get(principal, inquiry_id))


@router.post("/{inquiry_id}/reply", responses=errors(401, 403, 404, 409, 422))
async def reply_to_inquiry(
    inquiry_id: str, body: ReplyIn, principal: SignedIn, services: ServicesDep
) -> InquiryOut:
    """Decide. The run goes on at once; the first decision counts."""
    principal.require_person()
    return InquiryOut.of(
        await services.inquiries.reply(
            principal, inquiry_id, decision=body.decision, value=body.value, note=body.note
        )
    )
