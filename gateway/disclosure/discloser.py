"""Discharges the obligations to disclose: replaces, labels, shortens, marks, signs."""

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

# Where a full sentence would drown the message, the label is a tag.
_TERSE = frozenset({Channel.COMMENT, Channel.LIVE})
# Companion laws want the statement anew every three hours; within them a tag will do.
_RECENT = timedelta(hours=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fitted:
    label: Label
    words: str
    shortened: bool = False


class LabelDiscloser:
    """Implements ports.Discloser. `signer` signs receipts, `issuer` is this gateway's public URL,
    `producer` names the provider in GB 45438 marks (`issuer` when empty), `c2pa` is needed for
    routes that ask for C2PA. `random_bytes` makes salts and identifiers."""

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
        """See ports.Discloser. Also raises StageUndefined when nothing of the avatar's words is
        left, and for obligations that it does not know."""
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
            _check_honest(obligations)
        elif _poses(redaction.text, self._wording, asked(obligations)):
            raise StageUndefined(Stage.DISCLOSE, "the avatar's words carry a person's label")
        # 2. The label, which a stream carries once, and 3. both together within the route's limit.
        stream = facts.submission.stream
        carried = stream.shown if stream else ()
        notices = [one for one in asked(obligations) if one.notice not in carried]
        sentences = _sentences(facts, notices, template)
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
        return self._marked(facts, disclosure, obligations)

    def attest(self, facts: Facts, decision: Decision, disclosure: Disclosure) -> Receipt:
        """The signed receipt: what was published, under which rules, by which policies; nothing
        about the person spoken to, and not the salt."""
        # The rules behind labels and marks first: they are what a recipient asks about.
        obliging = sorted({rule for one in decision.obligations for rule in one.rules})
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
        return self._receipts.sign(claims, rules=(*obliging, *others))

    def _marked(
        self, facts: Facts, disclosure: Disclosure, obligations: Sequence[Obligation]
    ) -> Disclosure:
        wanted = _formats(obligations)
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
            one.name: one.build(subject) for one in FORMATS if one.name in wanted
        }
        text = disclosure.text
        if facts.route.c2pa and facts.submission.human_author is None:  # it says "generated"
            if self._c2pa is None:
                raise StageUndefined(Stage.DISCLOSE, "the route wants C2PA, which is not set up")
            embedded, told = self._c2pa.embed(text, facts.now)
            if _fits(facts.route, embedded):
                text, marks[c2pa.NAME] = embedded, told
        return replace(disclosure, text=text, marks=marks)


def _source_type(submission: Submission) -> str:
    return source_type(
        edited=submission.editorial.edited, by_human=submission.human_author is not None
    )


def _check_honest(obligations: Sequence[Obligation]) -> None:
    """What says that an AI wrote it is never put on a person's words, whatever policies ask."""
    if (
        any(one.notice in AI_NOTICES for one in asked(obligations))
        or _formats(obligations)
        or _template(obligations)
    ):
        raise StageUndefined(Stage.DISCLOSE, "a person's words would be labelled as an AI's")


def _poses(text: str, wording: Wording, notices: Sequence[RequiredNotice]) -> bool:
    """Whether the avatar's words bear the label of a person's, in any language. A tag does no
    harm behind a notice that says "AI"."""
    labels = [words[HUMAN_NOTICE] for words in wording.notices.values()]
    if any(one.sentence is not None and one.sentence in text for one in labels):
        return True
    told = any(one.notice in AI_NOTICES for one in notices)
    return not told and any(f"[{one.tag}]" in text for one in labels)


def _template(obligations: Sequence[Obligation]) -> str | None:
    """The text that replaces the message; a crisis goes before an honest answer."""
    wanted = {
        str(one.params.get("template")) for one in obligations if one.kind is ObligationKind.REPLACE
    }
    if wanted - set(TEMPLATES):
        raise StageUndefined(Stage.DISCLOSE, "unknown template")
    return next((template for template in TEMPLATES if template in wanted), None)


def _formats(obligations: Sequence[Obligation]) -> set[str]:
    wanted = {
        str(name)
        for one in obligations
        if one.kind is ObligationKind.MARK
        for name in one.params.get("formats", ())
    }
    if wanted - {one.name for one in FORMATS} - set(EMBEDDED):
        raise StageUndefined(Stage.DISCLOSE, "unknown format of marks")
    return wanted


def _sentences(
    facts: Facts, notices: Sequence[RequiredNotice], template: str | None
) -> frozenset[str]:
    """Which notices are said in full: at the first contact all, later those that remind."""
    if facts.submission.channel in _TERSE:
        return frozenset()
    full: set[str] = {
        NoticeKind.AI_REMINDER,
        NoticeKind.AI_ANSWER,
        NoticeKind.HUMAN,
        NoticeKind.TAKE_A_BREAK,
    }
    shown = facts.contact.disclosed_at
    # After a human spoke in its place, the AI says in full that it is one.
    spoke = facts.contact.human_spoke_at(facts.now, facts.submission.human_spoke_at)
    if not any(
        facts.now - at < _RECENT and (spoke is None or at > spoke)
        for notice, at in shown.items()
        if notice in AI_NOTICES
    ):
        full |= {NoticeKind.AI, NoticeKind.AI_PUBLIC}
    if template is not None:
        full -= set(AI_NOTICES)  # the templates say it themselves
    return frozenset(full & {one.notice for one in notices})


def _fits(route: Route, text: str) -> bool:
    return length(text, route.unit) <= route.max_length


def _fit_template(
    route: Route,
    template: str,
    labeller: Labeller,
    notices: Sequence[RequiredNotice],
    sentences: frozenset[str],
) -> _Fitted:
    """A replacing text is never cut: the fullest that fits."""
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
                return _Fitted(label=label, words=words)
    raise StageUndefined(Stage.DISCLOSE, "the replacing text is longer than the route allows")


def _fit_words(
    route: Route,
    redaction: Redaction,
    labeller: Labeller,
    notices: Sequence[RequiredNotice],
    sentences: frozenset[str],
) -> _Fitted:
    """The avatar's words with their label: whole, or cut if the route allows it."""
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
        return _Fitted(label=label, words=words)
    if route.overflow is Overflow.HOLD:
        raise StageUndefined(Stage.DISCLOSE, "text and label are longer than the route allows")
    whole: list[Span] = [
        (one.at - first, one.at - first + len(one.replacement)) for one in redaction.replacements
    ]
    cut = shorten(
        words, whole, lambda part: _fits(route, label.around(part)), limit=route.max_length
    )
    if cut is None:
        raise StageUndefined(Stage.DISCLOSE, "the label leaves no room for the text")
    # The direction of what is left decides how label and text are kept apart; same length.
    return _Fitted(
        label=labeller.label(notices, cut, sentences=sentences), words=cut, shortened=True
    )
