"""Load any model folder as sentence-transformers does. The only home of that library, whose import takes 7 s.

Nothing is fetched, and no code that lies in a folder is run. The packaged embedder needs none of this: `lean_bert.py`.
"""

import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

BATCH = 8


class UsualEmbedder:
    """Any embedding model."""

    def __init__(self, folder: Path) -> None:
        _quieten()
        with _without_statistics():
            from sentence_transformers import SentenceTransformer
        self._model = SentenceTransformer(str(folder), device="cpu", local_files_only=True).float().eval()

    def embed(self, texts: Sequence[str], kind: str) -> NDArray[np.float32]:
        prompt = (self._model.prompts or {}).get(kind) or ""
        vectors: NDArray[np.float32] = self._model.encode(
            [prompt + text for text in texts],
            batch_size=BATCH,
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


class CrossEncoderModel:
    """A model that reads a question and a passage together and gives one number: how well they fit."""

    def __init__(self, folder: Path) -> None:
        """Raises:
        ValueError: the folder holds a model of another kind, which would load with a head of random numbers.
        """
        _check_cross_encoder(folder)
        _quieten()
        with _without_statistics():
            from sentence_transformers import CrossEncoder
        from torch.nn import Identity

        as_they_are = Identity()  # the usual squeezing between 0 and 1 makes high scores equal
        loaded = CrossEncoder(str(folder), device="cpu", local_files_only=True, activation_fn=as_they_are)
        self._model = loaded.float().eval()
        if self._model.num_labels != 1:
            raise ValueError(f"it gives {self._model.num_labels} numbers for a passage where one is needed")
        self.score("warm", ["up"])  # the tokenizer keeps what it is set to here, so that threads can share it

    def score(self, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
        """`(len(texts),)`, higher is better; too long a pair is cut."""
        scores = self._model.predict(
            [(question, text) for text in texts], batch_size=BATCH, show_progress_bar=False
        )
        return np.asarray(scores, dtype=np.float64).reshape(len(texts))


def _check_cross_encoder(folder: Path) -> None:
    described = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    own = folder / "config_sentence_transformers.json"
    kind = json.loads(own.read_text(encoding="utf-8")).get("model_type") if own.is_file() else None
    is_classifier = any(
        str(name).endswith("ForSequenceClassification") for name in described.get("architectures") or ()
    )
    if kind != "CrossEncoder" and not is_classifier:
        raise ValueError("the model in it is no cross-encoder")


def _quieten() -> None:
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()


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
