from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping

import pytest

from gateway.errors import PolicyInvalid, StageFailure, StageUndefined
from gateway.policy.engine.evaluator import Evaluator, is_panic
from gateway.policy.packs.source import Snapshot

Of = Callable[[Mapping[str, str]], Snapshot]
MODULE = """\
package a

double := input.x * 2

many := 1 if input.many

many := 2 if input.many

said if print(input.x)
"""


@pytest.fixture
def evaluator(snapshot_of: Of) -> Iterator[Evaluator]:
    made = Evaluator(snapshot_of({"a.rego": MODULE}))
    yield made
    made.close()


def test_it_evaluates(evaluator: Evaluator) -> None:
    assert evaluator.evaluate('{"x": 3}', "data.a.double") == "6"


def test_undefined_is_no_answer(evaluator: Evaluator) -> None:
    with pytest.raises(StageUndefined):
        evaluator.evaluate("{}", "data.a.double")


def test_a_text_that_reads_undefined_is_no_answer_either(evaluator: Evaluator) -> None:
    with pytest.raises(StageFailure):
        evaluator.evaluate('{"x": "<undefined>"}', "data.a.double")


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ('{"x": "a secret"}', "data.a.double"),
        ('{"many": true}', "data.a.many"),
        ('{"x": ', "data.a.double"),
        ("{}", "data.a.nothing"),
    ],
)
def test_after_a_failure_it_goes_on(evaluator: Evaluator, document: str, path: str) -> None:
    with pytest.raises(StageFailure) as caught:
        evaluator.evaluate(document, path)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert evaluator.evaluate('{"x": 1}', "data.a.double") == "2"


def test_a_panic_is_a_failure_and_the_next_engine_is_new(evaluator: Evaluator) -> None:
    outcomes: list[object] = []

    def elsewhere() -> None:
        # The wrong thread: a real panic, then an engine of this thread, dropped by it.
        for _ in range(2):
            try:
                outcomes.append(evaluator.evaluate('{"x": 1}', "data.a.double"))
            except StageFailure as failure:
                outcomes.append(failure.reason)
        evaluator.close()

    kept = (evaluator._engine, evaluator._pristine)
    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert outcomes == ["the policy engine panicked", "2"]
    assert kept


def test_only_panics_are_taken_for_panics() -> None:
    assert not is_panic(KeyboardInterrupt())
    assert not is_panic(RuntimeError())


def test_print_does_not_reach_stderr(
    evaluator: Evaluator, capfd: pytest.CaptureFixture[str]
) -> None:
    evaluator.evaluate('{"x": "a secret"}', "data.a.said")
    assert "secret" not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"a.rego": "package a\n\nx if nowhere.y\n"}, "a.rego:3:6"),
        ({"a.rego": "package a\n\nx if { y }\n"}, "a.rego:3:8"),
        ({"b/a.rego": "package a\n\nx := 1\nx if {\n"}, "b/a.rego:5:1"),
    ],
)
def test_what_the_engine_refuses_is_placed(
    snapshot_of: Of, files: Mapping[str, str], place: str
) -> None:
    with pytest.raises(PolicyInvalid) as caught:
        Evaluator(snapshot_of(files))
    assert str(caught.value).startswith(place)


def test_tests_are_loaded_when_asked_for(snapshot_of: Of, shop: dict[str, str]) -> None:
    path = "data.packs.shop.word_test.test_blocks"
    assert Evaluator(snapshot_of(shop), tests=True).evaluate("{}", path) == "true"
    without = Evaluator(snapshot_of(shop))
    with pytest.raises(StageFailure):
        without.evaluate("{}", path)
    without.close()
