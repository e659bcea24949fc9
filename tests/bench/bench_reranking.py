"""What a second reading costs a search, by the shape of the model: `python -m tests.bench.bench_reranking`.

Weights are random: a trained model of the same shape takes as long.
"""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from knowledge_vault.cross_encoder import CrossEncoderReranker
from knowledge_vault.embedding import DEFAULT_MODEL_DIR

SHAPES = {"MiniLM-L6": (6, 384), "MiniLM-L12": (12, 384), "BERT base": (12, 768)}
PASSAGES = 30
CHARACTERS = 1600
ROUNDS = 3
SENTENCE = "The committee inspects the channel every spring and writes down what it found, shaft by shaft. "


def make(folder: Path, layers: int, width: int) -> Path:
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(DEFAULT_MODEL_DIR / "tokenizer.json"), pad_token="<pad>", model_max_length=512
    )
    shape = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=width // 32,
        intermediate_size=4 * width,
        max_position_embeddings=512,
        num_labels=1,
    )
    BertForSequenceClassification(shape).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


async def seconds(folder: Path) -> float:
    reranker = CrossEncoderReranker(folder)
    await reranker.load()
    passages = [(SENTENCE * 20)[at : at + CHARACTERS] for at in range(PASSAGES)]
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await reranker.score("When is the channel inspected?", passages)
        times.append(time.perf_counter() - began)
    await reranker.close()
    return statistics.median(times)


async def main() -> None:
    print("| shape | layers × width | seconds a search |\n| --- | --- | --- |")
    with tempfile.TemporaryDirectory(prefix="qanat-") as scratch:
        for name, (layers, width) in SHAPES.items():
            folder = await asyncio.to_thread(make, Path(scratch) / name, layers, width)
            print(f"| {name} | {layers} × {width} | {await seconds(folder):.1f} |", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
