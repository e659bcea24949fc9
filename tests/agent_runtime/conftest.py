"""The one real model that several tests share: loading it takes half a second, forgetting it none."""

from collections.abc import Iterator

import pytest

from agent_runtime.models.llama_cpp import LlamaCppModel
from backend.settings import Settings


@pytest.fixture(scope="session")
def smollm() -> Iterator[LlamaCppModel]:
    """The packaged model, as `make run` prepares it."""
    model = LlamaCppModel(Settings().llm, threads=1, context_tokens=2048)
    yield model
    model.close()
