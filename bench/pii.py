"""Personal data: recall, false findings and cost."""

from __future__ import annotations

import asyncio
import gc
import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from statistics import mean, quantiles

import spacy
from faker import Faker
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

from bench import addresses, identities
from bench.figure import Figure, cpu_interleaved, labelled_data, ratio
from bench.messages import direct
from bench.spans import matched
from gateway.model.submission import Submission
from gateway.model.text import ReadText
from gateway.pii.detector import PiiDetector, places_of
from gateway.pii.domains import Domains
from gateway.pii.message import ScannedText
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.recognizers import make_rules
from gateway.pii.recognizers.generic.email import OfflineEmailRecognizer
from gateway.pii.rule import PiiRule, RuleHit
from gateway.pii.scan import Gated, scan
from gateway.text.reader import TextReader

_SEED = 20260901
_SYNTHETIC_KINDS = {
    "EMAIL_ADDRESS": "EMAIL_ADDRESS",
    "IBAN_CODE": "IBAN_CODE",
    "IP_ADDRESS": "IP_ADDRESS",
    "US_SSN": "US_SSN",
    "CREDIT_CARD": "CREDIT_CARD",
    "PHONE_NUMBER": "PHONE_NUMBER",
    "DOMAIN_NAME": "URL",
}
_FRENCH_EACH = 400  # values of each French kind
_ROUNDS = 7  # turns of each side


def measure() -> Iterator[Figure]:
    bench = _Bench()
    yield bench.structured_f2()
    yield bench.french_recall()
    yield identities.recall(bench.found)
    yield addresses.recall(bench.found)
    yield bench.probes()
    yield bench.false_positives(
        "pii.false_per_1000",
        _wnut(),
        "redactions of WNUT-17 messages; its labels hold no structured PII, so each counts",
    )
    social = _social()
    yield bench.false_positives(
        "pii.social_per_1000",
        social,
        "redactions of raw social messages, the real telephone numbers and addresses among them",
    )
    yield bench.differential(social)
    yield from bench.cost(social)


class _Bench:
    def __init__(self) -> None:
        self.read = TextReader()
        self.rules = make_rules(Domains())
        self.gated = Gated(self.rules)
        scan(self.rules, ScannedText("warm 06 12 34 56 78 a@example.com www.example.com/a"))
        gc.freeze()  # as serving does: a look through all that was imported is no pattern's time

    def message(self, text: str, language: str | None = None) -> tuple[ScannedText, ReadText]:
        read = self.read(text, language)
        return ScannedText(
            read.normalised.text, places_of(direct(text, language=language), read)
        ), read

    def found(self, text: str, language: str | None = None) -> list[tuple[str, int, int]]:
        """(kind, start, end) of what would be stripped, in the submitted text."""
        message, read = self.message(text, language)
        return [
            (hit.kind, *read.normalised.to_original(hit.start, hit.end))
            for hit in scan(self.gated.open(message), message)
            if not hit.advisory
        ]

    def structured_f2(self) -> Figure:
        """The F2 score. A prediction counts when it has the label's kind and overlaps it by more
        than half of their union; each label is matched once."""
        documents = json.loads(labelled_data("pii/synth_dataset_v2.json").read_text("utf-8"))
        hit = predicted = wanted = 0
        for document in documents:
            labels = [
                (_SYNTHETIC_KINDS[s["entity_type"]], s["start_position"], s["end_position"])
                for s in document["spans"]
                if s["entity_type"] in _SYNTHETIC_KINDS
            ]
            ours = [
                one
                for one in self.found(document["full_text"], "en")
                if one[0] in _SYNTHETIC_KINDS.values()
            ]
            hit += matched(labels, ours)
            predicted += len(ours)
            wanted += len(labels)
        precision, recall = hit / predicted, hit / wanted
        return Figure(
            key="pii.structured_f2",
            value=5 * precision * recall / (4 * precision + recall),
            unit="F2",
            bar=0.85,
            aim=0.97,
            n=wanted,
            lower_is_better=False,
            note=f"synth_dataset_v2, precision {precision:.3f}, recall {recall:.3f}",
        )

    def french_recall(self) -> Figure:
        shares = {
            kind: sum(self._holds(kind, text, start, end) for text, start, end in cases)
            / len(cases)
            for kind, cases in _french_cases().items()
        }
        worst = min(shares, key=lambda kind: shares[kind])
        return Figure(
            key="pii.fr_recall",
            value=shares[worst],
            unit="recall",
            bar=0.90,
            aim=0.98,
            n=_FRENCH_EACH * len(shares),
            lower_is_better=False,
            note=f"worst kind {worst}; "
            + ", ".join(f"{kind} {share:.3f}" for kind, share in shares.items()),
        )

    def _holds(self, kind: str, text: str, start: int, end: int) -> bool:
        return any(
            found_kind == kind and found_start <= start and end <= found_end
            for found_kind, found_start, found_end in self.found(text, "fr")
        )

    def probes(self) -> Figure:
        missed = [
            text
            for kind, text in _PROBES
            if not any(found == kind for found, _, _ in self.found(text))
        ]
        return Figure(
            key="pii.probes_found",
            value=1 - len(missed) / len(_PROBES),
            unit="share",
            bar=0.90,
            aim=1.0,
            n=len(_PROBES),
            lower_is_better=False,
            note="ways of hiding a value" + (f"; missed: {missed}" if missed else ""),
        )

    def false_positives(self, key: str, messages: Sequence[str], note: str) -> Figure:
        kinds = Counter(
            kind for text in messages for kind, _, _ in self.found(text) if kind != "URL"
        )
        return Figure(
            key=key,
            value=1000 * sum(kinds.values()) / len(messages),
            unit="per 1,000",
            bar=5.0,
            aim=1.0,
            n=len(messages),
            note=f"{note}; {dict(kinds)}",
        )

    def differential(self, social: Sequence[str]) -> Figure:
        """Compare our runner with Presidio's own `analyze()`, for each recognizer on each message,
        after the same adjustment of scores."""
        texts = _draw().sample(list(social), 3000) + _wnut()
        texts += [text for cases in _french_cases().values() for text, _, _ in cases]
        texts += [text for _, text in _PROBES]
        differing = 0
        for text in texts:
            message, _ = self.message(text)
            ours = scan(self.gated.open(message), message, budget_s=1.0)
            differing += ours != scan(self.rules, message, budget_s=1.0, run=plain_presidio)
        return Figure(
            key="pii.differential",
            value=differing,
            unit="messages",
            bar=0,
            aim=0,
            n=len(texts),
            baseline="presidio-analyzer, each recognizer's analyze()",
        )

    def cost(self, social: Sequence[str]) -> Iterator[Figure]:
        texts = [text for text in social if 15 <= len(text.split()) <= 25]
        texts = _draw().sample(texts, 400)
        reads = [(direct(text), self.read(text, None)) for text in texts]
        engine = _tokenizer_only_presidio()
        with asyncio.Runner() as runner:
            detector = PiiDetector()
            runner.run(detector.warm())

            async def detect_all() -> None:
                for submission, read in reads:
                    await detector.detect(submission, read)

            ours, theirs = cpu_interleaved(
                [
                    lambda: runner.run(detect_all()),
                    lambda: [engine.analyze(text, language="en") for text in texts],
                ],
                rounds=_ROUNDS,
            )
            each = _each_ms(runner, detector, reads)
            runner.run(detector.close())
        value, spread = ratio(ours, theirs)
        baseline = "presidio-analyzer pattern recognizers, tokenizer-only engine"
        yield Figure(
            key="pii.cpu_ratio",
            value=value,
            unit="ratio",
            bar=0.6,
            aim=0.15,
            n=len(texts),
            baseline=baseline,
            spread=spread,
            note=f"baseline {1000 * mean(theirs) / len(texts):.2f} ms a message",
        )
        yield Figure(
            key="pii.mean_ms", value=mean(each), unit="ms CPU", bar=1.0, aim=0.3, n=len(each)
        )
        yield Figure(
            key="pii.p99_ms",
            value=quantiles(each, n=100)[98],
            unit="ms CPU",
            bar=5.0,
            aim=1.0,
            n=len(each),
        )


def plain_presidio(rule: PiiRule, message: ScannedText, budget_s: float) -> Iterable[RuleHit]:
    """The hits of `rule` as Presidio itself finds them, with scores adjusted as the gateway
    does."""
    if not isinstance(rule, PatternRule):
        return rule.hits(message, budget_s)
    results = rule.recognizer.analyze(message.text, [rule.kind], None)
    return [
        hit
        for result in results
        for hit in rule.weighed(message, result.start, result.end, result.score)
    ]


def _each_ms(
    runner: asyncio.Runner, detector: PiiDetector, reads: list[tuple[Submission, ReadText]]
) -> list[float]:
    async def timed() -> list[float]:
        taken = []
        for submission, read in reads:
            before = time.process_time()
            await detector.detect(submission, read)
            taken.append(1000 * (time.process_time() - before))
        return taken

    return [min(several) for several in zip(*(runner.run(timed()) for _ in range(3)), strict=True)]


class _Tokenizer(NlpEngine):
    """The cheapest NLP engine that Presidio can run on: a tokenizer, with words as lemmas."""

    def __init__(self) -> None:
        self._spacy = spacy.blank("en")

    def load(self) -> None:
        pass

    def is_loaded(self) -> bool:
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        document = self._spacy(text)
        return NlpArtifacts(
            entities=[],
            tokens=document,
            tokens_indices=[token.idx for token in document],
            lemmas=[token.text for token in document],
            nlp_engine=self,
            language=language,
        )

    def process_batch(
        self,
        texts: Iterable[str],
        language: str,
        batch_size: int = 1,
        n_process: int = 1,
        **_: object,
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        return ((text, self.process_text(text, language)) for text in texts)

    def is_stopword(self, word: str, language: str) -> bool:
        return bool(self._spacy.vocab[word].is_stop)

    def is_punct(self, word: str, language: str) -> bool:
        return bool(self._spacy.vocab[word].is_punct)

    def get_supported_entities(self) -> list[str]:
        return []

    def get_supported_languages(self) -> list[str]:
        return ["en"]


def _tokenizer_only_presidio() -> AnalyzerEngine:
    """Presidio's defaults for English without NER, with the e-mail recognizer that does not use the
    network."""
    registry = RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"])
    registry.recognizers = [
        one
        for one in registry.recognizers
        if one.name not in {"SpacyRecognizer", "EmailRecognizer"}  # type: ignore[has-type] # not declared by Presidio
    ]
    registry.add_recognizer(OfflineEmailRecognizer(Domains()))
    return AnalyzerEngine(registry=registry, nlp_engine=_Tokenizer(), supported_languages=["en"])


def _wnut() -> list[str]:
    lines = labelled_data("pii/wnut17.test.conll").read_text("utf-8").split("\n\n")
    messages = (
        " ".join(row.split("\t")[0] for row in block.splitlines() if row.strip()) for block in lines
    )
    return [message for message in messages if message]


def _social() -> list[str]:
    return [
        line
        for name in ("reddit", "twitter", "youtube")
        for line in labelled_data(f"pii/social.{name}.txt").read_text("utf-8").splitlines()
        if line.strip()
    ]


_SENTENCES = {
    "PHONE_NUMBER": ("Appelle-moi au {} ce soir.", "Mon numéro, c'est le {} !"),
    "IBAN_CODE": ("Mon IBAN est {}.", "Fais le virement sur {} stp"),
    "EMAIL_ADDRESS": ("Écris-moi à {} quand tu veux", "Mon mail : {}."),
    "CREDIT_CARD": ("Ma carte bancaire : {}", "Paie avec {} si besoin"),
    "FR_SIRET": ("Le SIRET de ma boîte est {}.", "Facture au nom de {}, merci"),
    "FR_SIREN": ("Mon entreprise a le SIREN {}.", "Son numéro : {}, regarde"),
    "FR_NIR": ("Mon numéro de sécu est {}.", "Ils demandent {} pour le dossier"),
    "POSTCODE_CITY": ("J'habite à {} depuis un an.", "On se voit à {} demain ?"),
    "FR_PLATE": ("Ma plaque : {}", "C'était la voiture {}, je crois"),
    "STREET_ADDRESS": ("J'habite {} à Lyon.", "Rendez-vous au {} ce soir"),
}
_PLAIN = ("{}", "Salut ! {}", "Voici : {}, merci !", "Tu peux noter {} s'il te plaît ?")


def _french_cases() -> dict[str, list[tuple[str, int, int]]]:
    """Text and span of the value, for each kind: valid values of Faker fr_FR in sentences, of which
    half have no context that names the kind."""
    fake = Faker("fr_FR")
    fake.seed_instance(_SEED)
    draw = _draw()
    values: dict[str, Callable[[], str]] = {
        "PHONE_NUMBER": fake.phone_number,
        "IBAN_CODE": lambda: _grouped(fake.iban()) if draw.random() < 0.5 else fake.iban(),
        "EMAIL_ADDRESS": fake.email,
        "CREDIT_CARD": fake.credit_card_number,
        "FR_SIRET": lambda: _maybe_joined(fake.siret(), draw),
        "FR_SIREN": lambda: _maybe_joined(fake.siren(), draw),
        "FR_NIR": fake.ssn,
        "POSTCODE_CITY": lambda: f"{fake.postcode()} {fake.city()}",
        "FR_PLATE": lambda: _valid_plate(fake),
        "STREET_ADDRESS": fake.street_address,
    }
    cases: dict[str, list[tuple[str, int, int]]] = {}
    for kind, make in values.items():
        cases[kind] = []
        for index in range(_FRENCH_EACH):
            sentence = draw.choice(_SENTENCES[kind] if index % 2 else _PLAIN)
            value = make()
            start = sentence.index("{}")
            cases[kind].append((sentence.format(value), start, start + len(value)))
    return cases


def _draw() -> random.Random:
    return random.Random(_SEED)  # noqa: S311 - the same draw every time


def _grouped(value: str) -> str:
    return " ".join(value[at : at + 4] for at in range(0, len(value), 4))


def _maybe_joined(value: str, draw: random.Random) -> str:
    return value.replace(" ", "") if draw.random() < 0.5 else value


def _valid_plate(fake: Faker) -> str:
    """A valid plate. Faker also draws departments and letters that do not exist."""
    while True:
        plate = str(fake.license_plate())
        if re.fullmatch(
            r"[A-HJ-NP-TV-Z]{2}-\d{3}-[A-HJ-NP-TV-Z]{2}|\d{3}-[A-Z]{3}-(?:0[1-9]|[1-8]\d|9[0-5])",
            plate,
        ):
            return plate


_PROBES = (
    ("EMAIL_ADDRESS", "jean.du\u200bpont@gm\u200dail.com"),
    ("EMAIL_ADDRESS", "ｊｏｈｎ＠ｇｍａｉｌ．ｃｏｍ"),
    ("EMAIL_ADDRESS", "jоhn@gmаil.com"),
    ("EMAIL_ADDRESS", "write to john at gmail dot com"),
    ("EMAIL_ADDRESS", "john (at) gmail (dot) com"),
    ("EMAIL_ADDRESS", "jean arobase laposte point net"),
    ("EMAIL_ADDRESS", "john @ gmail . com"),
    ("EMAIL_ADDRESS", "j o h n @ g m a i l . c o m"),
    ("EMAIL_ADDRESS", "john@gmail,com"),
    ("EMAIL_ADDRESS", "john at the rate gmail dot com"),
    ("PHONE_NUMBER", "0 6 1 2 3 4 5 6 7 8"),
    ("PHONE_NUMBER", "06\u202f12\u202f34\u202f56\u202f78"),
    ("PHONE_NUMBER", "０６１２３４５６７８"),
    ("PHONE_NUMBER", "O6 l2 34 56 78"),
    ("PHONE_NUMBER", "0️⃣6️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣8️⃣"),
    ("PHONE_NUMBER", "zéro six douze trente-quatre cinquante-six soixante-dix-huit"),
    ("PHONE_NUMBER", "two zero two, five five five, zero one four three"),
    ("PHONE_NUMBER", "06*12*34*56*78"),
    ("PHONE_NUMBER", "06_12_34_56_78"),
    ("PHONE_NUMBER", "06|12|34|56|78"),
    ("PHONE_NUMBER", "٠٦١٢٣٤٥٦٧٨"),
    ("PHONE_NUMBER", "⓪⑥①②③④⑤⑥⑦⑧"),
    ("PHONE_NUMBER", "https://wa.me/33612345678"),
    ("CREDIT_CARD", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"),
    ("CREDIT_CARD", "4111_1111_1111_1111"),
    ("CREDIT_CARD", "４１１１１１１１１１１１１１１１"),
    ("IBAN_CODE", "fr76 3000 6000 0112 3456 7890 189"),
    ("IBAN_CODE", "F R 7 6 3 0 0 0 6 0 0 0 0 1 1 2 3 4 5 6 7 8 9 0 1 8 9"),
    ("IP_ADDRESS", "192[.]168[.]0[.]1"),
    ("URL", "hxxps://example.com/a"),
    ("STREET_ADDRESS", "12 rue de la paix 75002 paris"),
    ("US_SSN", "731 83 4418"),
    ("PHONE_NUMBER", "打我电话：一五九零一二三八七六五"),
    ("PHONE_NUMBER", "壹捌陸〇〇貳叁肆伍陸柒"),
    ("PHONE_NUMBER", "幺五〇 八八二三 七六四五"),
    ("PHONE_NUMBER", "〇九〇一二三四五六七八"),
    ("PHONE_NUMBER", "공일공 팔칠육오 사삼이일"),
    ("CN_ID", "身份证号是五一零一零四一九八八一一二二三三四五"),
    ("CREDIT_CARD", "信用卡 五五〇〇 〇〇〇〇 〇〇〇〇 〇〇〇四"),
    ("EMAIL_ADDRESS", "sophie#yahoo.fr"),
    ("EMAIL_ADDRESS", "li.na@126点com"),
    ("EMAIL_ADDRESS", "chen艾特163點com"),
    ("EMAIL_ADDRESS", "kate at outlook period com"),
    ("EMAIL_ADDRESS", "annaATlaposteDOTnet"),
    ("EMAIL_ADDRESS", "tim.kleinATgmx.de"),
    ("EMAIL_ADDRESS", "claraathotmaildotfr"),
    ("EMAIL_ADDRESS", "luisa chiocciola tiscali punto it"),
    ("EMAIL_ADDRESS", "rui arroba sapo ponto pt"),
    ("EMAIL_ADDRESS", "uwe klammeraffe freenet punkt de"),
    ("EMAIL_ADDRESS", "jens-ät-posteo-punkt-de"),
    ("EMAIL_ADDRESS", "elif et yahoo nokta com"),
    ("EMAIL_ADDRESS", "mehmet kuyruklu a hotmail nokta com"),
    ("EMAIL_ADDRESS", "jisoo골뱅이한메일점넷"),
    ("EMAIL_ADDRESS", "ольга собака яндекс точка ру"),
    ("EMAIL_ADDRESS", "yuki アットマーク ヤフー ドットコム"),
)
