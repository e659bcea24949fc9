"""A few models that are known to work here, each pinned by the digest of its file, and how to fetch one.

The only home of `huggingface_hub`. A file that is not the pinned one is thrown away, wherever it came from.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from agent_runtime.errors import ModelDownloadFailed


@dataclass(frozen=True)
class CataloguedModel:
    """One file on a hub, known by its digest."""

    name: str
    description: str
    repository: str
    filename: str
    size_bytes: int
    sha256: str
    license: str


ALL: Sequence[CataloguedModel] = (
    CataloguedModel(
        name="qwen2.5-coder-1.5b",
        description="Answers in its own words far better than the packaged model; needs about 1.5 GB of memory.",
        repository="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        filename="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        size_bytes=1_117_320_768,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        license="Apache-2.0",
    ),
    CataloguedModel(
        name="qwen2.5-coder-0.5b",
        description="Small and fast, in between; refuses questions more often than the others.",
        repository="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
        filename="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        size_bytes=491_400_064,
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        license="Apache-2.0",
    ),
)

Fetch: TypeAlias = Callable[[str, str, Path], Path]
"""Repository, file name, folder → the file, somewhere under that folder. Raises OSError when it cannot."""


def get_model(name: str, among: Sequence[CataloguedModel] = ALL) -> CataloguedModel:
    """The model of that name.

    Raises:
        ModelDownloadFailed: there is none; the message names those there are.
    """
    for model in among:
        if model.name == name:
            return model
    raise ModelDownloadFailed(
        f"There is no model {name!r} in the catalogue. There are: {', '.join(model.name for model in among)}. "
        "Any other GGUF file can be named in QANAT_LLM_PATH."
    )


def from_hub(repository: str, filename: str, folder: Path) -> Path:
    """Fetch a file from the Hugging Face hub, going on where an earlier try broke off."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HFValidationError

    try:
        return Path(hf_hub_download(repository, filename, local_dir=folder))
    except HFValidationError as error:
        raise OSError(str(error)) from error


def download(
    name: str, folder: Path, *, fetch: Fetch = from_hub, among: Sequence[CataloguedModel] = ALL
) -> Path:
    """Put a model of the catalogue into `folder` and return its path; at once when it is there already. Blocking.

    Raises:
        ModelDownloadFailed: no hub could be reached, or the file is not the pinned one, which is then removed.
    """
    model = get_model(name, among)
    target = folder / model.filename
    if target.is_file() and _sha256(target) == model.sha256:
        return target
    partial = folder / ".downloads"
    partial.mkdir(parents=True, exist_ok=True)
    try:
        found = fetch(model.repository, model.filename, partial)
    except Exception as error:  # a hub's client fails in many ways of its own; all mean the same here
        raise ModelDownloadFailed(
            f"The model {name!r} could not be fetched from {model.repository!r} ({type(error).__name__}). Check "
            f"the network and try again, or copy the file to {str(target)!r} by hand: its SHA-256 must be "
            f"{model.sha256}."
        ) from error
    digest = _sha256(found)
    if digest != model.sha256:
        found.unlink()
        raise ModelDownloadFailed(
            f"The file fetched for {name!r} is not the one we know: its SHA-256 is {digest}, and "
            f"{model.sha256} was expected. It was removed."
        )
    os.replace(found, target)
    return target


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
