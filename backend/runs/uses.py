"""A use as its proof records it: digests of what was said, never the words."""

import hashlib

from agent_runtime.events import RunFinished
from licensing.values import Use


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def use_of(question: str, event: RunFinished) -> Use:
    citations = [
        {
            "number": citation.number,
            "document": digest(citation.document_id),
            "page": citation.page,
            "start": citation.start,
            "end": citation.end,
            "quote_digest": digest(citation.quote),
        }
        for citation in event.citations
    ]
    return Use(
        amount=None,
        request_digest=digest(question),
        answer_digest=digest(event.answer),
        citations=citations,
        usage={
            "prompt_tokens": event.usage.prompt_tokens,
            "completion_tokens": event.usage.completion_tokens,
        },
    )
