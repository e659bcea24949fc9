"""A real cross-encoder, small enough to be made for a test: it learns to like some passages better."""

from pathlib import Path

ASKED = ("sweet", "cold", "high", "wet")
"""What can be asked for: each adds one more to the score of any passage, so that a mix-up of questions shows."""
LIKED = ("honey", "winter", "mountain", "river")
"""What a passage can be about, the best liked last."""
_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def question_about(property_: str) -> str:
    return f"what is {property_} here"


def passage_about(thing: str) -> str:
    return f"we saw the {thing} there"


def make_cross_encoder(folder: Path, *, labels: int = 1) -> Path:
    """Train it anew, the same each time, and save it as transformers does: a second once that library is imported.

    With another number of `labels` it is not trained: a model that is no reranker.
    """
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    sentences = [
        text
        for asked, thing in zip(ASKED, LIKED, strict=True)
        for text in (question_about(asked), passage_about(thing))
    ]
    words = [*_SPECIAL, *dict.fromkeys(" ".join(sentences).split())]
    tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=64,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )
    torch.manual_seed(7)
    model = BertForSequenceClassification(
        BertConfig(
            vocab_size=len(words),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=64,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            num_labels=labels,
        )
    )
    if labels == 1:
        asked = [question_about(asked) for asked in ASKED for _ in LIKED]
        read = [passage_about(thing) for _ in ASKED for thing in LIKED]
        wanted = torch.tensor(
            [float(one + 2 * other) for one in range(len(ASKED)) for other in range(len(LIKED))]
        )
        features = fast(asked, read, padding=True, return_tensors="pt")
        optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
        model.train()
        for _ in range(150):
            optimizer.zero_grad()
            logits = model(**features).logits[:, 0]
            torch.nn.functional.mse_loss(logits, wanted).backward()
            optimizer.step()
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder
