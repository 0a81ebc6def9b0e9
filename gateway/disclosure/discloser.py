"""Discharges the obligations to disclose: replaces, labels, shortens and marks texts, and signs
receipts."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from gateway.disclosure.budget import Span, length, shorten
from gateway.disclosure.canonical import SALT_BYTES, content_hash
from gateway.disclosure.formats import EMBEDDED, FORMATS, c2pa
from gateway.disclosure.formats.subject import MarkedText, source_type
from gateway.disclosure.label import Label, Labeller, RequiredNotice, asked, bare
from gateway.disclosure.receipt import ReceiptSigner
from gateway.disclosure.wording import (
    AI_NOTICES,
    HUMAN_NOTICE,
    TEMPLATES,
    Wording,
    load_wording,
    plain_name,
)
from gateway.errors import StageUndefined
from gateway.keyring import SigningKey
from gateway.model.decision import Decision, Facts
from gateway.model.disclosure import Disclosure, NoticeKind, Redaction
from gateway.model.finding import Stage
from gateway.model.obligation import Obligation, ObligationKind
from gateway.model.receipt import Receipt
from gateway.model.route import Overflow, Route
from gateway.model.submission import Channel, Submission

# A full sentence would be too long for these messages: the label is a tag.
_TAG_ONLY_CHANNELS = frozenset({Channel.COMMENT, Channel.LIVE})
# Companion laws ask for the full statement every three hours; in between, a tag is enough.
_RECENT = timedelta(hours=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class _FittedText:
    """A label and the words that it fits with; `shortened` when the words were cut."""

    label: Label
    words: str
    shortened: bool = False


class LabelDiscloser:
    """Implements ports.Discloser.

    `signer` signs receipts, `issuer` is this gateway's public URL, `producer` names the provider in
    GB 45438 marks (`issuer` when empty). `c2pa` is needed for routes that ask for C2PA.
    `random_bytes` makes salts and identifiers.
    """

    def __init__(
        self,
        *,
        signer: SigningKey,
        issuer: str,
        wording: Wording | None = None,
        c2pa: c2pa.C2paMarker | None = None,
        producer: str = "",
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._receipts = ReceiptSigner(key=signer)
        self._issuer = issuer
        self._wording = wording or load_wording()
        self._c2pa = c2pa
        self._producer = producer or issuer
        self._random = random_bytes

    def disclose(
        self, facts: Facts, redaction: Redaction, obligations: Sequence[Obligation]
    ) -> Disclosure:
        """See ports.Discloser. Also raises StageUndefined when no words of the avatar are left, and
        for an unknown obligation."""
        # 1. The words: the avatar's own, or the text that replaces them.
        spoken = facts.read.language
        if spoken == "und":
            spoken = facts.submission.language or spoken
        labeller = Labeller(
            wording=self._wording,
            language=self._wording.language(spoken),
            jurisdictions=facts.submission.audience.jurisdictions,
            creator=plain_name(facts.creator.display_name, facts.creator.id),
        )
        template = _template(obligations)
        if facts.submission.human_author is not None:
            _refuse_ai_labels(obligations)
        elif _claims_person(redaction.text, self._wording, asked(obligations)):
            raise StageUndefined(Stage.DISCLOSE, "the avatar's words carry a person's label")
        # 2. The label, which a stream shows once, and 3. both together within the route's limit.
        stream = facts.submission.stream
        shown = stream.shown if stream else ()
        notices = [required for required in asked(obligations) if required.notice not in shown]
        sentences = _full_notices(facts, notices, template)
        if template is None:
            fitted = _fit_words(facts.route, redaction, labeller, notices, sentences)
        else:
            fitted = _fit_template(facts.route, template, labeller, notices, sentences)
            spoken = labeller.language
        # 4. The marks and the hash that the receipt signs.
        salt = self._random(SALT_BYTES)
        text = fitted.label.around(fitted.words)
        disclosure = Disclosure(
            text=text,
            language=spoken,
            notices=fitted.label.notices,
            content_hash=content_hash(text, salt),
            salt=salt.hex(),
            replaced_by=template,
            shortened=fitted.shortened,
            start=fitted.label.start,
            end=fitted.label.end,
        )
        return self._add_marks(facts, disclosure, obligations)

    def attest(self, facts: Facts, decision: Decision, disclosure: Disclosure) -> Receipt:
        """The signed receipt: what was published, under which rules and by which policies; of a dry
        run, it says so. It holds neither the salt nor anything about the person spoken to."""
        # The rules behind labels and marks come first: recipients ask about those.
        obliging = sorted(
            {rule for obligation in decision.obligations for rule in obligation.rules}
        )
        others = sorted({reason.rule for reason in decision.reasons} - set(obliging))
        claims = {
            "iss": self._issuer,
            "iat": int(facts.now.timestamp()),
            "jti": f"rcp_{self._random(12).hex()}",
            "message_id": facts.submission.message_id,
            "decision_id": facts.decision_id,
            "creator": facts.submission.creator,
            "avatar": facts.submission.avatar,
            "channel": facts.submission.channel.value,
            "verdict": "publish",
            "content_hash": disclosure.content_hash,
            "digitalSourceType": _source_type(facts.submission),
            "notices": [notice.notice for notice in disclosure.notices],
            "policy": decision.bundle.digest,
        }
        if facts.submission.dry_run:
            claims["dry_run"] = True
        return self._receipts.sign(claims, rules=(*obliging, *others))

    def _add_marks(
        self, facts: Facts, disclosure: Disclosure, obligations: Sequence[Obligation]
    ) -> Disclosure:
        """Add the machine-readable marks: those beside the text, and C2PA when the text with it
        still fits the route."""
        wanted = _required_formats(obligations)
        subject = MarkedText(
            message_id=facts.submission.message_id,
            decision_id=facts.decision_id,
            avatar=facts.submission.avatar,
            language=disclosure.language,
            at=facts.now,
            source_type=_source_type(facts.submission),
            content_hash=disclosure.content_hash,
            producer=self._producer,
        )
        marks: dict[str, Mapping[str, Any]] = {
            mark.name: mark.build(subject) for mark in FORMATS if mark.name in wanted
        }
        text = disclosure.text
        if facts.route.c2pa and facts.submission.human_author is None:  # it says "generated"
            if self._c2pa is None:
                raise StageUndefined(Stage.DISCLOSE, "the route wants C2PA, which is not set up")
            embedded, description = self._c2pa.embed(text, facts.now)
            if _fits(facts.route, embedded):
                text, marks[c2pa.NAME] = embedded, description
        return replace(disclosure, text=text, marks=marks)


def _source_type(submission: Submission) -> str:
    return source_type(
        edited=submission.editorial.edited, by_human=submission.human_author is not None
    )


def _refuse_ai_labels(obligations: Sequence[Obligation]) -> None:
    """Refuse obligations that would label a person's words as those of an AI. Raises
    StageUndefined."""
    if (
        any(required.notice in AI_NOTICES for required in asked(obligations))
        or _required_formats(obligations)
        or _template(obligations)
    ):
        raise StageUndefined(Stage.DISCLOSE, "a person's words would be labelled as an AI's")


def _claims_person(text: str, wording: Wording, notices: Sequence[RequiredNotice]) -> bool:
    """Whether the avatar's words hold the label of a person's words, in any language. The short tag
    is allowed when a notice says "AI"."""
    labels = [words[HUMAN_NOTICE] for words in wording.notices.values()]
    if any(label.sentence is not None and label.sentence in text for label in labels):
        return True
    says_ai = any(required.notice in AI_NOTICES for required in notices)
    return not says_ai and any(f"[{label.tag}]" in text for label in labels)


def _template(obligations: Sequence[Obligation]) -> str | None:
    """The template that replaces the message; the first of TEMPLATES when several are asked for, so
    that the crisis text has precedence. Raises StageUndefined for an unknown one."""
    wanted = {
        str(obligation.params.get("template"))
        for obligation in obligations
        if obligation.kind is ObligationKind.REPLACE
    }
    if wanted - set(TEMPLATES):
        raise StageUndefined(Stage.DISCLOSE, "unknown template")
    return next((template for template in TEMPLATES if template in wanted), None)


def _required_formats(obligations: Sequence[Obligation]) -> set[str]:
    """The formats of marks that MARK obligations ask for. Raises StageUndefined for an unknown
    one."""
    wanted = {
        str(name)
        for obligation in obligations
        if obligation.kind is ObligationKind.MARK
        for name in obligation.params.get("formats", ())
    }
    if wanted - {mark.name for mark in FORMATS} - set(EMBEDDED):
        raise StageUndefined(Stage.DISCLOSE, "unknown format of marks")
    return wanted


def _full_notices(
    facts: Facts, notices: Sequence[RequiredNotice], template: str | None
) -> frozenset[str]:
    """The notices to word as full sentences: all at the first contact, later only reminders."""
    if facts.submission.channel in _TAG_ONLY_CHANNELS:
        return frozenset()
    full: set[str] = {
        NoticeKind.AI_REMINDER,
        NoticeKind.AI_ANSWER,
        NoticeKind.HUMAN,
        NoticeKind.TAKE_A_BREAK,
    }
    shown = facts.contact.disclosed_at
    # After a person spoke in the avatar's place, the AI says in full that it is one.
    person_spoke_at = facts.contact.human_spoke_at(facts.now, facts.submission.human_spoke_at)
    if not any(
        facts.now - at < _RECENT and (person_spoke_at is None or at > person_spoke_at)
        for notice, at in shown.items()
        if notice in AI_NOTICES
    ):
        full |= {NoticeKind.AI, NoticeKind.AI_PUBLIC}
    if template is not None:
        full -= set(AI_NOTICES)  # the templates say it themselves
    return frozenset(full & {required.notice for required in notices})


def _fits(route: Route, text: str) -> bool:
    return length(text, route.unit) <= route.max_length


def _fit_template(
    route: Route,
    template: str,
    labeller: Labeller,
    notices: Sequence[RequiredNotice],
    sentences: frozenset[str],
) -> _FittedText:
    """The longest version of the template that fits with its label; it is never cut. Raises
    StageUndefined when none fits."""
    texts = labeller.wording.replacement(
        template,
        labeller.language,
        jurisdictions=labeller.jurisdictions,
        creator=labeller.creator,
    )
    for words in texts:
        for spoken in (sentences, frozenset[str]()):
            label = labeller.label(notices, words, sentences=spoken)
            if _fits(route, label.around(words)):
                return _FittedText(label=label, words=words)
    raise StageUndefined(Stage.DISCLOSE, "the replacing text is longer than the route allows")


def _fit_words(
    route: Route,
    redaction: Redaction,
    labeller: Labeller,
    notices: Sequence[RequiredNotice],
    sentences: frozenset[str],
) -> _FittedText:
    """The avatar's words with their label: whole, or cut if the route allows it. Raises
    StageUndefined when they cannot be made to fit."""
    text = redaction.text
    label = labeller.label(notices, text, sentences=sentences)
    if length(label.around(""), route.unit) > route.max_length // 2:
        sentences = frozenset()
        label = labeller.label(notices, text, sentences=sentences)
    first, last = bare(text, label, notices, labeller.wording)
    words = text[first:last]
    if not words:
        raise StageUndefined(Stage.DISCLOSE, "nothing is left to publish")
    if words != text:
        label = labeller.label(notices, words, sentences=sentences)
    if _fits(route, label.around(words)):
        return _FittedText(label=label, words=words)
    if route.overflow is Overflow.HOLD:
        raise StageUndefined(Stage.DISCLOSE, "text and label are longer than the route allows")
    whole: list[Span] = [
        (replaced.at - first, replaced.at - first + len(replaced.replacement))
        for replaced in redaction.replacements
    ]
    cut = shorten(
        words, whole, lambda part: _fits(route, label.around(part)), limit=route.max_length
    )
    if cut is None:
        raise StageUndefined(Stage.DISCLOSE, "the label leaves no room for the text")
    # The separator depends on the direction of the words that are left; its length does not.
    return _FittedText(
        label=labeller.label(notices, cut, sentences=sentences), words=cut, shortened=True
    )
