"""Fine-tune the teacher: `LABELLED_DATA=… python -m training.teacher`, an hour on two cores.

It is the best encoder that the package indexes have (MODEL_CARD.md says which were compared), but
costs several times as much for each message as the whole gateway. So it is not shipped, and teaches
the network that is (embedded.py).
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from gateway.toxicity.scorer import CATEGORIES
from training.batches import augment, groups
from training.descent import Descent, loss_of
from training.foundation import Encoder, Foundation
from training.sources import SEED, Row, is_validation, rows
from training.taught import ANSWERS, asked, keep

KEPT = Path("build/toxicity/teacher.pt")
_PACE, _HEAD_PACE = 1e-4, 1e-3  # learning rates of the encoder and of the output layer
_EPOCHS = 2


class Teacher(nn.Module):
    """The teacher: texts to log-odds, one column for each of CATEGORIES."""

    def __init__(self) -> None:
        super().__init__()
        foundation = Foundation()
        torch.manual_seed(SEED)
        self.tokenizer = foundation.tokenizer()
        self.encoder = Encoder(foundation)
        self.head = nn.Linear(foundation.sizes.width, len(CATEGORIES))
        self.dropout = nn.Dropout(0.1)

    def forward(self, ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.head(self.dropout(self.encoder(ids, lengths)))
        return found

    def learnt(self) -> dict[str, torch.Tensor]:
        """The parameters that fine-tuning changed."""
        return {
            name: value
            for name, value in self.state_dict().items()
            if name != "encoder.words.weight"
        }

    def answers(self, texts: Sequence[str]) -> np.ndarray:
        """Log-odds of shape (texts, CATEGORIES)."""
        self.eval()
        found = np.zeros((len(texts), len(CATEGORIES)), np.float32)
        with torch.inference_mode():
            for indices, batch in self.batches(texts, None):
                found[indices] = self.scores(batch).numpy()
        return found

    def batches(
        self, texts: Sequence[str], random_: random.Random | None
    ) -> Iterator[tuple[list[int], list[list[int]]]]:
        tokens = [self.tokenizer(text) for text in texts]
        for group in groups([len(ids) for ids in tokens], random_):
            yield group, [tokens[index] for index in group]

    def scores(self, tokens: Sequence[Sequence[int]]) -> torch.Tensor:
        lengths = torch.tensor([len(ids) for ids in tokens])
        ids = torch.zeros(len(tokens), int(lengths.max()), dtype=torch.long)
        for line, each in enumerate(tokens):
            ids[line, : len(each)] = torch.tensor(each)
        with torch.autocast("cpu", torch.bfloat16):
            found: torch.Tensor = self(ids, lengths)
        return found.float()


def train(teacher: Teacher, training: Sequence[Row], *, epochs: int, to: Path) -> None:
    random_ = random.Random(SEED)  # noqa: S311
    learning = [parameter for parameter in teacher.encoder.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(
        [
            {"params": learning, "lr": _PACE, "weight_decay": 0.01},
            {"params": [*teacher.head.parameters()], "lr": _HEAD_PACE},
        ],
        fused=True,
    )
    descent = Descent(optimizer)
    for epoch in range(epochs):
        teacher.train()
        seen = augment(training, random_)
        labels = torch.tensor([row.labels for row in seen]).float()
        weights = torch.tensor([row.weight for row in seen])
        done = 0
        for indices, tokens in teacher.batches([row.text for row in seen], random_):
            loss = loss_of(teacher.scores(tokens), labels[indices], weights[indices])
            descent.step(loss, (epoch + done / len(seen)) / epochs)
            done += len(indices)
        torch.save(teacher.learnt(), to)


def lesson(training: Sequence[Row]) -> list[Row]:
    """The rows to fine-tune on: every second row of the plentiful and easy sets, every row of the
    others, and the rare and hard ones twice. Quoted sentences are left out, since the teacher has
    no part in their labels."""
    plenty = {"paradetox", "davidson", "madlibs", "social", "dialogue"}
    rare = [row for row in training if row.source in {"hatemoji", "toxigen"}]
    most = [
        row
        for index, row in enumerate(training)
        if row.source != "quoted" and (row.source not in plenty or index % 2 == 0)
    ]
    return [*most, *rare]


def load(path: Path) -> Teacher:
    teacher = Teacher()
    missing, unexpected = teacher.load_state_dict(torch.load(path, weights_only=True), strict=False)
    if unexpected or missing != ["encoder.words.weight"]:
        raise SystemExit(f"{path} is not a teacher")
    return teacher


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, default=KEPT)
    parser.add_argument("--state", type=Path, help="a finished teacher, which only answers")
    parser.add_argument("--epochs", type=int, default=_EPOCHS)
    arguments = parser.parse_args()
    arguments.keep.parent.mkdir(parents=True, exist_ok=True)
    training = [row for row in rows(seed=SEED) if not is_validation(row)]
    if arguments.state is None:
        teacher = Teacher()
        train(teacher, lesson(training), epochs=arguments.epochs, to=arguments.keep)
    else:
        teacher = load(arguments.state)
    keep(ANSWERS, training, teacher.answers([row.text for row in asked(training)]))


if __name__ == "__main__":
    main()
