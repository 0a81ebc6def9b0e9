"""One judged request of the proxy: from the platform's form to a submission, and back to the
platform's own answer.

A request that comes again with the platform's own idempotency key is never published twice: it
gets the first answer, or is sent again with the same words where the platform takes it once.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import dataclass, replace

from gateway.api.services import ApiServices
from gateway.api.submissions import observe, why_not
from gateway.model.access import ApiKey
from gateway.model.record import Outcome
from gateway.model.submission import Channel, Submission
from gateway.model.verdict import State
from gateway.pipeline.ids import new_id
from gateway.platforms.answers import ProxyResponse, error_answer
from gateway.platforms.declaration import ChannelRule, Fetch, Source
from gateway.platforms.matching import OperationDenied
from gateway.platforms.pointers import TooManyPlaces, first
from gateway.platforms.proxied_platform import PendingAnswer, PlatformRequest, ProxiedPlatform

_LONGEST_ID = 128  # characters of an identifier that is recorded as it is
_START_S = 5.0  # for a recorded message's delivery to begin, before it is given up
_MARGIN_S = 10.0  # beyond the route's own time-out, for the answer to come back
_MOST_TRIES = 20  # with one key, of a message that the platform refused each time
_KEY = "idempotency-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyRequest:
    """A judged request and the API key it came with."""

    key: ApiKey
    request: PlatformRequest


async def submit_request(
    services: ApiServices, platform: ProxiedPlatform, judged: ProxyRequest
) -> ProxyResponse:
    """Judge, record, send, answer. Raises what Gateway.submit raises."""
    request = judged.request
    client_key, deduplicates = _idempotency_key(request)
    # A platform that refused a message, or was not reached, may be asked again.
    for attempt in range(_MOST_TRIES):
        submission = _submission_of(services, judged, client_key and f"{client_key}.{attempt}")
        pending = platform.wait(submission.message_id, request)
        try:
            outcome = await services.gateway.submit(submission)
        except BaseException:
            platform.give_up(submission.message_id)
            raise
        if not outcome.replayed:
            observe(services, outcome)
            return await _first_answer(platform, outcome, pending)
        platform.give_up(submission.message_id)
        if outcome.state is not State.REFUSED:
            return await _repeated_answer(platform, outcome, request, deduplicates=deduplicates)
    raise OperationDenied(
        "the platform refused this request too often; send it with another key", 409
    )


def _submission_of(
    services: ApiServices, judged: ProxyRequest, client_key: str | None
) -> Submission:
    now = services.now()
    request, proxy = judged.request, judged.request.proxy
    operation = request.operation
    message_id = new_id("msg", now)
    # What belongs to no conversation begins one: its readers may never have seen the avatar.
    new_conversation = client_key.rpartition(".")[0] if client_key else message_id
    conversation = (
        _short_identifier(_fetch_value(operation.conversation, request)) or new_conversation
    )
    audience = proxy.audience
    if (person := _short_identifier(_fetch_value(operation.audience, request))) is not None:
        audience = replace(audience, id=person)
    return Submission(
        message_id=message_id,
        tenant=judged.key.tenant,
        caller=judged.key.id,
        channel=_channel_of(request, conversation),
        creator=proxy.creator,
        avatar=proxy.avatar,
        conversation=conversation,
        text=request.words.text,
        received_at=now,
        language=proxy.language,
        audience=audience,
        route=proxy.name,
        idempotency_key=client_key,
    )


def _channel_of(request: PlatformRequest, conversation: str) -> Channel:
    proxy = request.proxy
    if conversation in proxy.channels:
        return proxy.channels[conversation]
    if proxy.channel is not None:
        return proxy.channel
    for rule in request.operation.channels:
        if _rule_applies(rule, request):
            return rule.channel
    raise OperationDenied("its channel is not known; set `channel` in the route file")


def _rule_applies(rule: ChannelRule, request: PlatformRequest) -> bool:
    if rule.when is None:
        return True
    value = _fetch_value(rule.when, request)
    return value is not None and (rule.equals is None or value == rule.equals)


def _fetch_value(fetch: Fetch | None, request: PlatformRequest) -> str | None:
    if fetch is None:
        return None
    if fetch.source is Source.PATH:
        return request.match.params.get(fetch.name)
    if fetch.source is Source.HEADER:
        wanted = fetch.name.lower()
        return next((value for name, value in request.headers if name.lower() == wanted), None)
    try:
        value = first(request.body.document, fetch.pattern)
    except TooManyPlaces:
        raise OperationDenied("it is nested too deep", 400) from None
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
        return None
    return str(value)


def _short_identifier(value: str | None) -> str | None:
    """Keep an identifier that is short and printable; replace any other by its digest."""
    if value is None or (len(value) <= _LONGEST_ID and value.isprintable()):
        return value
    return hashlib.sha256(value.encode("utf-8", "replace")).hexdigest()


def _idempotency_key(request: PlatformRequest) -> tuple[str | None, bool]:
    """The idempotency key for the gateway, and whether the platform itself de-duplicates by the
    client's key. The gateway's differs by route, path and credential, and reveals none."""
    declared = request.operation.idempotency
    value = _fetch_value(declared.source, request) if declared is not None else None
    deduplicates = value is not None and declared is not None and declared.deduplicates
    headers = {name.lower(): header for name, header in request.headers}
    value = value or headers.get(_KEY)
    if value is None:
        return None, False
    parts = (request.proxy.name, request.match.decoded, value, headers.get("authorization"))
    return "p." + hashlib.sha256(json.dumps(parts).encode()).hexdigest(), deduplicates


async def _first_answer(
    platform: ProxiedPlatform, outcome: Outcome, pending: PendingAnswer
) -> ProxyResponse:
    """Answer a request whose message was just judged."""
    message_id, form = outcome.message_id, pending.request.proxy.declaration.error
    if outcome.state in (State.BLOCKED, State.HELD):
        platform.give_up(message_id)
        kept = outcome.state is State.HELD and platform.hold(message_id, pending.request)
        return _not_published(outcome, pending.request, kept=kept)
    if not pending.answer.done():
        # Recorded: the message is under way, or was put off. One that does not start soon is not
        # sent at all.
        try:
            async with asyncio.timeout(_START_S):
                await pending.started.wait()
        except TimeoutError:
            if platform.give_up(message_id):
                return _with_message_id(
                    error_answer(
                        form,
                        "Not published: the platform is failing. Send it again later.",
                        status=503,
                        code="not_sent",
                    ),
                    outcome,
                )
    return await _await_answer(pending, outcome)


async def _await_answer(pending: PendingAnswer, outcome: Outcome) -> ProxyResponse:
    proxy = pending.request.proxy
    try:
        async with asyncio.timeout(proxy.route.timeout_s + _MARGIN_S):
            answer = await asyncio.shield(pending.answer)
    except TimeoutError:
        answer = None
    if answer is None:
        answer = error_answer(
            proxy.declaration.error,
            "The platform did not answer: it may or may not have been published.",
            status=504,
            code="unknown",
        )
    return _with_message_id(answer, outcome)


async def _repeated_answer(
    platform: ProxiedPlatform, outcome: Outcome, request: PlatformRequest, *, deduplicates: bool
) -> ProxyResponse:
    """Answer a request that was seen before with its first answer, as far as that is known."""
    if outcome.state in (
        State.BLOCKED,
        State.HELD,
        State.EXPIRED,
        State.REJECTED_BY_REVIEW,
    ):
        return _not_published(outcome, request, kept=request.proxy.credential is not None)
    if (answer := platform.answered(outcome.message_id)) is not None:
        return _with_message_id(answer, outcome)
    if (pending := platform.under_way(outcome.message_id)) is not None:
        return await _await_answer(pending, outcome)
    form = request.proxy.declaration.error
    settled = outcome.state in (State.DELIVERED, State.UNKNOWN)
    disclosure, receipt = outcome.judgement.disclosure, outcome.judgement.receipt
    if settled and deduplicates and disclosure is not None and receipt is not None:
        # The same words with the same key, already recorded: the platform takes them once.
        _, answer = await platform.post(request, outcome.message_id, disclosure, receipt)
        if answer is not None:
            return _with_message_id(answer, outcome)
    if outcome.state is State.DELIVERED:
        message = "It was published before; the platform's answer is not known any more."
    else:
        message = "It was sent before, and may have been published: it is not sent again."
    return _with_message_id(
        error_answer(form, message, status=409, code=outcome.state.value), outcome
    )


def _not_published(outcome: Outcome, request: PlatformRequest, *, kept: bool) -> ProxyResponse:
    """Answer that the message was not published, with its state and the rules that say why."""
    why = why_not(outcome)
    if outcome.state is State.HELD:
        after = (
            "it is sent when a reviewer releases it"
            if kept
            else "a release cannot send it, since its credentials are yours: send it again changed"
        )
        message = f"Not published, held for review ({after}): {why}"
    else:
        message = f"Not published, {outcome.state.value.replace('_', ' ')}: {why}"
    form = request.proxy.declaration.error
    return _with_message_id(error_answer(form, message, code=outcome.state.value), outcome)


def _with_message_id(answer: ProxyResponse, outcome: Outcome) -> ProxyResponse:
    """`answer` with the header that names the message to the gateway."""
    more = (("x-avatar-gateway-message", outcome.message_id),)
    return replace(answer, headers=answer.headers + more)
