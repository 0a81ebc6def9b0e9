"""Train the embedded toxicity model: `LABELLED_DATA=… python -m training.embedded`.

The same data, teacher scores, seed, number of threads and package versions give the same weights.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from gateway.text.reader import TextReader
from gateway.toxicity.embedded import EmbeddedScorer
from gateway.toxicity.grams import BUCKETS
from gateway.toxicity.scorer import CATEGORIES
from gateway.toxicity.weights import SHIPPED
from training.batches import Batch, Tokenizer, augment, batches
from training.calibrate import RATES, fit
from training.descent import Descent, loss_of
from training.encoder import Network, Tokens
from training.export import describe, tempered, write
from training.sources import SEED, SOURCES, Row, is_validation, rows
from training.taught import ANSWERS, taught


def scores(network: Network, tokens: Tokens, batch: Batch) -> torch.Tensor:
    logits: torch.Tensor = network(
        tokens(batch.ids), batch.lengths, batch.grams, batch.offsets, batch.norms
    )
    return logits


def predict(
    network: Network, tokens: Tokens, tokenizer: Tokenizer, rows_: Sequence[Row]
) -> np.ndarray:
    """The logits, one row for each of the rows."""
    network.eval()
    found = np.zeros((len(rows_), len(CATEGORIES)), np.float32)
    with torch.no_grad():
        for indices, batch in batches(rows_, tokenizer, None):
            found[indices] = scores(network, tokens, batch).numpy()
    return found


def train(
    network: Network,
    training: Sequence[Row],
    *,
    seed: int,
    epochs: int,
    pace: float = 1.0,
    log: bool = True,
) -> None:
    """Train a network. `pace` multiplies every learning rate."""
    torch.manual_seed(seed)
    random_ = random.Random(seed)  # noqa: S311
    tokens, tokenizer = Tokens(), Tokenizer()
    new = [*network.head.parameters()]
    wide = [network.wide.weight]
    old = [
        parameter
        for name, parameter in network.named_parameters()
        if not name.startswith(("head", "wide"))
    ]
    optimizer = torch.optim.Adam(
        [
            {"params": old, "lr": 3e-4 * pace},
            {"params": new, "lr": 2e-3 * pace},
            {"params": wide, "lr": 4e-3 * pace},
        ],
        fused=True,
    )
    descent = Descent(optimizer, log=log)
    for epoch in range(epochs):
        network.train()
        seen = augment(training, random_)
        done = 0
        for indices, batch in batches(seen, tokenizer, random_):
            loss = loss_of(scores(network, tokens, batch), batch.labels, batch.weights)
            loss = loss + 1e-6 * network.wide.weight.square().sum()
            descent.step(loss, (epoch + done / len(seen)) / epochs)
            done += len(indices)


def finish(network: Network, folder: Path) -> None:
    """Write the weights, then the shifts, fitted on the scores that the shipped code computes with
    those weights."""
    details = {
        "sources": list(SOURCES),
        "training": {"command": "make train", "seed": SEED},
    }
    path = write(
        tempered(network.state_dict()),
        eps=network.eps,
        folder=folder,
        shifts={},
        false_positive_rate=RATES["toxicity"],
        details=details,
    )
    scorer = EmbeddedScorer(description=path)
    scorer.load()

    def log_odds(texts: Sequence[str]) -> np.ndarray:
        found = [
            [answer[category] for category in CATEGORIES]
            for start in range(0, len(texts), 64)
            for answer in scorer.score(texts[start : start + 64])
        ]
        shares = np.clip(np.array(found, np.float64), 1e-9, 1 - 1e-9)
        return np.log(shares / (1 - shares))

    held_out = [row for row in rows(seed=SEED) if is_validation(row)]
    describe(
        folder / "embedded.npz",
        eps=network.eps,
        shifts=fit(log_odds, TextReader(), held_out),
        false_positive_rate=RATES["toxicity"],
        details=details,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wide", type=Path, help="a state before its matrices were narrowed")
    parser.add_argument("--state", type=Path, help="a finished state")
    parser.add_argument(
        "--answers", type=Path, help=f"the teacher's ({ANSWERS}); else labels alone"
    )
    parser.add_argument("--keep", type=Path, default=Path("build/toxicity"))
    parser.add_argument("--out", type=Path, default=SHIPPED)
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # two are slower on a shared machine, and less repeatable
    torch.set_flush_denormal(True)
    network = Network(len(CATEGORIES), BUCKETS, seed=SEED)
    if arguments.state is not None:
        network.factorise()
        _loaded(network, arguments.state)
    else:
        training = [row for row in rows(seed=SEED) if not is_validation(row)]
        if arguments.answers is not None:
            training = taught(training, arguments.answers)
        _trained(network, training, arguments.wide, arguments.keep)
    finish(network, arguments.out)


def _trained(network: Network, training: Sequence[Row], wide: Path | None, keep: Path) -> None:
    """Train two epochs, make the matrices narrow, then train four more epochs at a lower rate.
    `keep` is a folder for the results."""
    keep.mkdir(parents=True, exist_ok=True)
    if wide is None:
        train(network, training, seed=SEED, epochs=2)
        torch.save(network.state_dict(), keep / "wide.pt")
    else:
        _loaded(network, wide)
    network.factorise()
    train(network, training, seed=SEED + 1, epochs=4, pace=0.4)
    torch.save(network.state_dict(), keep / "narrow.pt")


def _loaded(network: Network, path: Path) -> None:
    network.load_state_dict(torch.load(path, weights_only=True))


if __name__ == "__main__":
    main()
