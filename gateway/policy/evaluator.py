"""One embedded engine, bound to the thread that made it."""

from __future__ import annotations

import regorus

from gateway.errors import PolicyInvalid, StageFailure, StageUndefined
from gateway.model.finding import Stage
from gateway.policy.source import RESERVED, Module, Snapshot
from gateway.policy.syntax import engine_error, error_place

_UNDEFINED = '"<undefined>"'  # what regorus returns for it
_READY = Module(f"{RESERVED}.rego", f"package {RESERVED}\n\nready := true\n")


class Evaluator:
    """Evaluates rules of one snapshot. Raises PolicyInvalid when the engine refuses it.
    Only the thread that made it may use it."""

    def __init__(self, snapshot: Snapshot, *, tests: bool = False) -> None:
        self._snapshot = snapshot
        self._tests = tests
        self._pristine = self._build()
        self._engine: regorus.Engine | None = self._pristine.clone()

    def evaluate(self, document: str, path: str) -> str:
        """The JSON of the rule at `path` for the input `document` (JSON). Raises StageUndefined
        when it is undefined, StageFailure when the engine fails; neither tells what was
        evaluated. The engine is a fresh one after any failure."""
        try:
            if self._engine is None:
                self._pristine = self._build()
                self._engine = self._pristine.clone()
            self._engine.set_input_json(document)
            answer: str = self._engine.eval_rule_as_json(path)
        except RuntimeError as error:
            self._engine = self._pristine.clone()
            raise StageFailure(
                Stage.POLICY, f"the policies failed at {error_place(error)}"
            ) from None
        except BaseException as error:
            if not is_panic(error):
                raise
            self._engine = None  # its state is unknown
            raise StageFailure(Stage.POLICY, "the policy engine panicked") from None
        if answer == _UNDEFINED:
            raise StageUndefined(Stage.POLICY, "the policies gave no decision")
        return answer

    def clone(self, *extra: Module) -> regorus.Engine:
        """A fresh engine for this thread, with more modules."""
        engine = self._pristine.clone()
        for module in extra:
            engine.add_policy(module.path, module.text)
        return engine

    def _build(self) -> regorus.Engine:
        engine = regorus.Engine()
        engine.set_gather_prints(True)  # else `print` writes message texts to stderr
        file = ""
        try:
            snapshot = self._snapshot
            for module in (*snapshot.modules, *(snapshot.tests if self._tests else ()), _READY):
                file = module.path
                engine.add_policy(module.path, module.text)
            engine.add_data_json(snapshot.data_json)
            engine.eval_rule_as_json(f"data.{RESERVED}.ready")  # checks all modules, lazily else
        except RuntimeError as error:
            raise engine_error(error, file) from None
        except BaseException as error:
            if not is_panic(error):
                raise
            raise PolicyInvalid(file, "the policy engine panicked on it", "Simplify it.") from None
        return engine


def is_panic(error: BaseException) -> bool:
    """A panic in Rust reaches Python as a BaseException of a module that cannot be imported."""
    return type(error).__module__ == "pyo3_runtime"
