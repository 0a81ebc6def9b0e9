"""One embedded engine, bound to the thread that made it."""

from __future__ import annotations

from collections.abc import Iterable

import regorus

from gateway.errors import PolicyInvalid, StageFailure, StageUndefined
from gateway.model.finding import Stage
from gateway.policy.packs.source import RESERVED, RegoModule, Snapshot
from gateway.policy.packs.syntax import engine_error, error_place

_UNDEFINED = '"<undefined>"'  # what regorus returns for a rule that is undefined
_READY = RegoModule(f"{RESERVED}.rego", f"package {RESERVED}\n\nready := true\n")


class Evaluator:
    """Evaluates rules of one snapshot. Raises PolicyInvalid when the engine refuses it.
    Only the thread that made it may use it, and close it."""

    def __init__(self, snapshot: Snapshot, *, tests: bool = False) -> None:
        self._modules = (*snapshot.modules, *(snapshot.tests if tests else ()), _READY)
        self._data_json = snapshot.data_json
        self._pristine: regorus.Engine | None = None
        self._engine: regorus.Engine | None = self._fresh_engine()

    def evaluate(self, document: str, path: str) -> str:
        """The JSON of the rule at `path` for the input `document` (JSON). Raises StageUndefined
        when it is undefined, StageFailure when the engine fails; neither tells what was
        evaluated. The engine is a fresh one after any failure."""
        try:
            if self._engine is None:
                self._engine = self._fresh_engine()
            self._engine.set_input_json(document)
            answer: str = self._engine.eval_rule_as_json(path)
        except RuntimeError as error:
            self._engine = None
            raise StageFailure(
                Stage.POLICY, f"the policies failed at {error_place(error)}"
            ) from None
        except BaseException as error:
            if not is_panic(error):
                raise
            self._engine = self._pristine = None  # their state is unknown
            raise StageFailure(Stage.POLICY, "the policy engine panicked") from None
        if answer == _UNDEFINED:
            raise StageUndefined(Stage.POLICY, "the policies gave no decision")
        return answer

    def clone(self, *extra: RegoModule) -> regorus.Engine:
        """A fresh engine for this thread, with more modules."""
        engine = self._fresh_engine()
        for module in extra:
            engine.add_policy(module.path, module.text)
        return engine

    def close(self) -> None:
        """Drop the engines here, in their own thread. What still refers to this evaluator, such as
        a traceback that is collected in another thread, then holds no engine."""
        self._engine = self._pristine = None

    def _fresh_engine(self) -> regorus.Engine:
        if self._pristine is None:
            self._pristine = _build_engine(self._modules, self._data_json)
        return self._pristine.clone()


def _build_engine(modules: Iterable[RegoModule], data_json: str) -> regorus.Engine:
    engine = regorus.Engine()
    engine.set_gather_prints(True)  # else `print` writes message texts to stderr
    file = ""
    try:
        for module in modules:
            file = module.path
            engine.add_policy(module.path, module.text)
        engine.add_data_json(data_json)
        engine.eval_rule_as_json(f"data.{RESERVED}.ready")  # all modules are checked, once
    except RuntimeError as error:
        problem = engine_error(error, file)
    except BaseException as error:
        if not is_panic(error):
            raise
        problem = PolicyInvalid(file, "the policy engine panicked on it", "Simplify it.")
    else:
        return engine
    del engine  # the traceback must not keep it: see Evaluator.close
    raise problem


def is_panic(error: BaseException) -> bool:
    """Whether `error` is a panic in Rust. It reaches Python as a BaseException of a module that
    cannot be imported."""
    return type(error).__module__ == "pyo3_runtime"
