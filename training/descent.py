"""The loss that both networks are trained with, and the schedule of the learning rate."""

from __future__ import annotations

import time

import torch

from training.sources import UNKNOWN

_IMPORTANCE_OF_TOXICITY = 2.0  # the first category; each of the others counts once


def loss_of(logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Cross-entropy over the known labels. `logits` and `labels` are (texts, categories), a label
    from 0 to 1 or UNKNOWN; `weights` has one value for each text."""
    known = (labels != UNKNOWN).float()
    each = torch.nn.functional.binary_cross_entropy_with_logits(
        logits, labels.clamp(min=0), reduction="none"
    )
    importance = torch.ones(labels.shape[1])
    importance[0] = _IMPORTANCE_OF_TOXICITY
    weighed = each * known * weights[:, None] * importance
    return weighed.sum() / (weights.sum() * labels.shape[1])


class Descent:
    """Steps of an optimizer whose learning rate rises for the first sixteenth of training, then
    falls."""

    def __init__(self, optimizer: torch.optim.Optimizer, *, log: bool = True) -> None:
        self._optimizer = optimizer
        self._peaks = [group["lr"] for group in optimizer.param_groups]
        self._log = log
        self._started = time.monotonic()
        self._losses: list[float] = []

    def step(self, loss: torch.Tensor, progress: float) -> None:
        """Take one step. `progress` is the share of training that is done, from 0 to 1."""
        for group, peak in zip(self._optimizer.param_groups, self._peaks, strict=True):
            group["lr"] = peak * min(1.0, progress * 16 + 0.02) * (1.01 - progress)
        self._optimizer.zero_grad()
        loss.backward()
        learning = [
            parameter for group in self._optimizer.param_groups for parameter in group["params"]
        ]
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        self._optimizer.step()
        self._losses.append(float(loss.detach()))
        if self._log and len(self._losses) == 50:
            spent = time.monotonic() - self._started
            print(f"{progress:.2f} loss {sum(self._losses) / 50:.4f} {spent:.0f} s", flush=True)
            self._losses.clear()
