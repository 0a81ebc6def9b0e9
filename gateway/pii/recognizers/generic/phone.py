"""`PhoneRule`: telephone numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import phonenumbers
import regex

from gateway.pii.context import ContextWords, context
from gateway.pii.message import Prefilter, ScannedText
from gateway.pii.placeholders import PHONE, PlaceholderWord
from gateway.pii.recognizers.generic import phone_shape
from gateway.pii.rule import ACCEPT, RuleHit, ScanDeadline, matches

# Groups of digits with at most three signs between them.
_SIGNS = r"[ .,_*|~/()\-\u2010-\u2013\u00b7\u2022]"
# No letter stands before it, but for scripts without spaces: in Chinese, Japanese and Thai the word
# before a number touches it.
_CANDIDATE = regex.compile(
    rf"(?<![^\W\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])(?<![@#€$£])"
    rf"(?<!\d[.,:\-/])(?:\+{_SIGNS}{{0,2}}|\({_SIGNS}?\+?)?\d(?:{_SIGNS}{{0,3}}\d)+"
)
_PLAIN_SIGNS = str.maketrans(dict.fromkeys("_*|~,\u2022\u00b7", " "))
_GROUP = re.compile(r"\d+")
_DECIMAL = re.compile(r"\d[.,]\d+")
_EXTENSION = re.compile(r" {0,2}(?:x|ext\.?|poste) ?\d{1,5}(?!\w)", re.IGNORECASE)
_LINKED = re.compile(r"(?:wa\.me/|phone=|tel:|sms:)$")
_LINK_CHARS = 8  # characters before a number in which the end of such a link is looked for
_LEAST_DIGITS, _MOST_DIGITS = 7, 17  # an international prefix among them
_MOST_GROUPS = 14  # groups of digits of one number: bounds the work on a long run of them
_CHARS_A_BUDGET = 1000  # characters of a text that earn one CPU budget more
_GATE = Prefilter(digits=_LEAST_DIGITS)
_IN_CONTEXT = 0.85  # score of a valid number beside a word such as "call"
_SHAPED_IN_CONTEXT = 0.55  # likewise, of one that only has the right length; checksums win over it
_NOT_AFTER = frozenset("€$£%°")

CONTEXT = context(
    against=("licen", "passport", "passeport", "social", "security", "secu", "card", "carte",
             "account", "compte", "order", "commande", "ticket", "invoice", "facture", "zip",
             "postal", "isbn", "tracking", "colis", "reference", "serial", "version", "siren",
             "siret", "iban", "date", "address", "adresse", "street", "located", "episode",
             "model", "iphone", "follow", "abonn", "view", "vue", "score", "case", "dossier"),
    en=("phone", "telephone", "tel", "cell", "mobile", "call", "fax", "dial", "ring", "text",
        "sms", "whatsapp", "desk", "office", "answering", "hotline", "reach", "voicemail",
        "number", "contact", "messages to", "signal", "viber", "telegram"),
    fr=("telephon", "portable", "appel", "numero", "joindre", "joignable", "fixe", "06", "tph",
        "contacte", "texto", "rappel", "sonne", "phone", "bigo"),
    es=("telefono", "movil", "llam", "numero", "celular", "contact"),
    de=("telefon", "handy", "nummer", "ruf", "anruf", "erreich", "mobil"),
    it=("telefon", "cellulare", "chiam", "numero"),
    pt=("telefone", "celular", "ligue", "ligar", "telemovel"),
    nl=("bel", "telefoon", "mobiel"),
    ko=("전화", "번호", "연락", "핸드폰", "휴대폰", "문자"),
    tr=("numara", "cep"),
    zh=("电话", "電話", "手机", "手機", "號碼", "号码", "致电", "微信", "联系我", "聯繫我",
        "打给我", "打給我", "拨打", "撥打", "短信", "加我"),
    ja=("電話", "携帯"),
    ar=("هاتف", "رقم", "اتصل", "جوال", "واتساب"),
    ru=("телефон", "звон", "номер"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PhoneRule:
    """A detection rule for telephone numbers.

    A national number must be valid, by the library phonenumbers, in a region of the text's language
    or of the audience. An international one must only be possible; beside a word such as "call",
    the right number of digits is enough. A number counts from the score `accept` on."""

    accept: float = ACCEPT
    name: str = "PhoneRecognizer"
    kind: str = "PHONE_NUMBER"
    placeholder: PlaceholderWord = PHONE
    gate: Prefilter = _GATE
    context: ContextWords = CONTEXT
    about: str = (
        "International numbers (+, 00); national ones that are valid where the language or the "
        "audience points (phonenumbers); other groups of 7 to 15 digits beside a word such as "
        "“call”; extensions."
    )

    @property
    def identity(self) -> str:
        return repr(
            (self.name, self.accept, _CANDIDATE.pattern, self.context, phonenumbers.__version__)
        )

    def hits(self, message: ScannedText, budget_s: float) -> Iterator[RuleHit]:
        # This is more work than one regular expression: the budget grows with the text.
        deadline = ScanDeadline(budget_s * (1 + len(message.text) / _CHARS_A_BUDGET))
        regions = phone_shape.regions_of(message.places)
        for match in matches(_CANDIDATE, message.text, budget_s):
            start = match.start()
            for date_start, date_end in phone_shape.dates_in(message.text, start, match.end()):
                yield from self._hits_in_run(message, start, date_start, regions, deadline)
                start = date_end
            yield from self._hits_in_run(message, start, match.end(), regions, deadline)

    def _hits_in_run(
        self,
        message: ScannedText,
        start: int,
        end: int,
        regions: tuple[str, ...],
        deadline: ScanDeadline,
    ) -> Iterator[RuleHit]:
        """Yield the numbers in one run of groups of digits. Of the numbers that begin with one
        group, the one of the highest score counts, and of equal scores the longest."""
        text = message.text
        groups = [group.span() for group in _GROUP.finditer(text, start, end)]
        first = 0
        while first < len(groups):
            deadline.check()
            begin = _find_start(text, groups[first - 1][1] if first else start, groups[first][0])
            score, last = self._best_number(text, begin, groups, first, regions)
            if score >= self.accept:
                stop = _find_end(text, begin, groups[last][1])
                yield RuleHit(begin, stop, self.kind, max(score, ACCEPT), False, self.name)
                first = last + 1
            else:
                first += 1

    def _best_number(
        self,
        text: str,
        begin: int,
        groups: list[tuple[int, int]],
        first: int,
        regions: tuple[str, ...],
    ) -> tuple[float, int]:
        """The score of the best number that begins with group `first`, and the index of its last
        group."""
        best, best_last, shaped_last, valid, digits = 0.0, first, -1, False, 0
        linked = _LINKED.search(text[max(0, begin - _LINK_CHARS) : begin]) is not None
        for last in range(first, min(len(groups), first + _MOST_GROUPS)):
            digits += groups[last][1] - groups[last][0]
            if digits > _MOST_DIGITS:
                break
            if digits < _LEAST_DIGITS or text[groups[last][1] : groups[last][1] + 1] in _NOT_AFTER:
                continue
            value = text[begin : groups[last][1]]
            if _DECIMAL.fullmatch(value):
                continue
            value = value.translate(_PLAIN_SIGNS)
            score = phone_shape.shape(value, regions)
            if linked and phone_shape.is_valid_abroad(value):
                score = phone_shape.INTERNATIONAL
            if score:
                shaped_last, valid = last, score > phone_shape.SHAPED
            if score >= max(best, self.accept):
                best, best_last = score, last
        certain = best or shaped_last < 0
        if certain or not self.context.supports(text, begin, groups[shaped_last][1]):
            return best, best_last
        return (_IN_CONTEXT if valid else _SHAPED_IN_CONTEXT), shaped_last


def _find_start(text: str, earliest: int, start: int) -> int:
    """The start of a number whose first digit is at `start`, with "+" or "(" before it."""
    at = start
    while at > earliest and text[at - 1] in "+( " and start - at < 3:
        at -= 1
    while text[at] == " ":
        at += 1
    return at


def _find_end(text: str, start: int, end: int) -> int:
    """The end of a number, with its extension and the bracket that closes one of its own."""
    extension = _EXTENSION.match(text, end)
    if extension:
        return extension.end()
    if text[end : end + 1] == ")" and "(" in text[start:end]:
        return end + 1
    return end
