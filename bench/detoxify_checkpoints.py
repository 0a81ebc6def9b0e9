"""Small Detoxify checkpoints of all three kinds, with random weights. Detoxify's own code loads
them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOXIC = ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"]
UNBIASED = ["toxicity", "severe_toxicity", "obscene", "identity_attack", "insult", "threat"]
IDENTITIES = [
    "male", "female", "homosexual_gay_or_lesbian", "christian", "jewish", "muslim", "black",
    "white", "psychiatric_or_mental_illness",
]  # fmt: skip
_SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 514,
    "initializer_range": 0.3,  # so that scores differ from text to text
}
_TEXT = [
    "you are a fool and I will find you tomorrow",
    "good morning everyone, thank you for the lovely stream",
    "je vais te tuer demain, espèce d'idiot",
    "merci beaucoup à tous, c'était génial",
]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint; `folder` has the base model's configuration and tokenizer."""

    kind: str
    path: Path
    folder: Path

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


def make(kind: str, folder: Path, **changes: Any) -> Checkpoint:
    """Make a checkpoint. `changes` are put into its dictionary, `drop` names a key of its weights
    to leave out, `hidden_size` is that of the model."""
    import torch  # noqa: PLC0415
    import transformers  # noqa: PLC0415

    torch.manual_seed(3)
    folder.mkdir(parents=True, exist_ok=True)
    names = {
        "original": ("BertForSequenceClassification", "BertTokenizer"),
        "unbiased": ("RobertaForSequenceClassification", "RobertaTokenizer"),
        "multilingual": ("XLMRobertaForSequenceClassification", "XLMRobertaTokenizer"),
    }
    model_name, tokenizer_name = names[kind]
    classes = TOXIC if kind == "original" else [*UNBIASED, "sexual_explicit", *IDENTITIES]
    tokenizer = _tokenizer(kind, getattr(transformers, tokenizer_name))
    tokenizer.save_pretrained(str(folder))
    model_class = getattr(transformers, model_name)
    sizes = _SIZES | {name: changes.pop(name) for name in list(changes) if name in _SIZES}
    config = model_class.config_class(
        vocab_size=len(tokenizer),
        num_labels=len(classes),
        pad_token_id=tokenizer.pad_token_id,
        type_vocab_size=2,
        **sizes,
    )
    config.save_pretrained(str(folder))
    state = model_class(config).state_dict()
    dropped = changes.pop("drop", None)
    loaded = {
        "config": {
            "arch": {
                "args": {
                    "model_type": str(folder),  # Detoxify asks for this even when offline
                    "model_name": model_name,
                    "tokenizer_name": tokenizer_name,
                    "num_classes": len(classes),
                }
            },
            "dataset": {"args": {"classes": classes}},
        },
        "state_dict": {name: value for name, value in state.items() if name != dropped},
    } | changes
    path = folder / f"{kind}.ckpt"
    torch.save(loaded, path)
    return Checkpoint(kind, path, folder)


def _tokenizer(kind: str, class_: Any) -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers  # noqa: PLC0415

    if kind == "original":
        inner = Tokenizer(models.WordPiece(unk_token="[UNK]"))  # noqa: S106
        inner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        inner.train_from_iterator(
            [line.lower() for line in _TEXT],
            trainers.WordPieceTrainer(vocab_size=200, special_tokens=special),
        )
        return class_(vocab=inner.get_vocab(), model_max_length=512)
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    if kind == "unbiased":
        inner = Tokenizer(models.BPE())
        inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        inner.train_from_iterator(
            _TEXT,
            trainers.BpeTrainer(vocab_size=350, special_tokens=special, initial_alphabet=alphabet),
        )

        stored = json.loads(inner.to_str())["model"]
        merges = [tuple(merge) for merge in stored["merges"]]
        return class_(vocab=stored["vocab"], merges=merges, model_max_length=512)
    inner = Tokenizer(models.Unigram())
    inner.pre_tokenizer = pre_tokenizers.Metaspace()
    inner.train_from_iterator(
        _TEXT,
        trainers.UnigramTrainer(vocab_size=150, special_tokens=special, unk_token="<unk>"),  # noqa: S106
    )

    stored = json.loads(inner.to_str())["model"]
    return class_(vocab=[tuple(pair) for pair in stored["vocab"]], model_max_length=512)
