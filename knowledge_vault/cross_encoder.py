"""The `Reranker` of the product: a cross-encoder in a folder, loaded as sentence-transformers does.

Its batches run side by side on threads of their own, so that embedding a question never queues behind them. A search
that is given up takes its waiting batches along; those that run end by themselves, at most eight passages later.
"""

import asyncio
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge_vault import inference
from knowledge_vault.errors import RerankerFailed, RerankerUnusable
from knowledge_vault.transformer_models import BATCH, CrossEncoderModel


class CrossEncoderReranker:
    def __init__(self, folder: Path, *, threads: int | None = None) -> None:
        """`threads`: how many cores may score passages; all by default."""
        self._folder = folder
        self._workers = ThreadPoolExecutor(threads or os.cpu_count() or 1, thread_name_prefix="reranker")
        self._model: CrossEncoderModel | None = None
        self._loading = threading.Lock()

    @property
    def name(self) -> str:
        return self._folder.name

    async def load(self) -> None:
        """Load the model now, not at the first question; takes seconds.

        Raises:
            RerankerUnusable: there is no cross-encoder in the folder, or it cannot be read.
        """
        await asyncio.get_running_loop().run_in_executor(self._workers, self._loaded)

    async def score(self, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
        loop = asyncio.get_running_loop()
        batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        scored = await asyncio.gather(
            *(loop.run_in_executor(self._workers, self._score, question, batch) for batch in batches)
        )
        return np.concatenate(scored) if scored else np.zeros(0)

    async def close(self) -> None:
        await asyncio.to_thread(self._workers.shutdown, wait=True, cancel_futures=True)

    def _score(self, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
        model = self._loaded()
        try:
            scores = model.score(question, texts)
        except (RuntimeError, ValueError, IndexError) as error:
            raise RerankerFailed(self.name, reason=type(error).__name__) from error
        if not np.isfinite(scores).all():
            raise RerankerFailed(self.name, reason="it gave something that is no number")
        return scores

    def _loaded(self) -> CrossEncoderModel:
        with self._loading:
            if self._model is None:
                self._model = self._load()
            return self._model

    def _load(self) -> CrossEncoderModel:
        inference.prepare()
        try:
            model = CrossEncoderModel(self._folder)
        except FileNotFoundError as error:
            raise RerankerUnusable(self._folder, reason="there is no model in this folder") from error
        except ValueError as error:
            raise RerankerUnusable(self._folder, reason=str(error).split("\n")[0]) from error
        except (OSError, KeyError, RuntimeError) as error:
            raise RerankerUnusable(
                self._folder, reason=f"it does not load ({type(error).__name__})"
            ) from error
        inference.give_memory_back()
        return model
