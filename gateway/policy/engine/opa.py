"""A remote Rego engine: an OPA server, through opa-python-client.

What this file works around in that client: it retries POSTs unless told otherwise, it rewrites
policies on upload unless told otherwise, an undefined rule comes back as `{}` with status 200, and
errors reach the caller as aiohttp's, asyncio's or its own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
from opa_client import errors as client_errors
from opa_client.opa_async import AsyncOpaClient

from gateway.errors import (
    ConfigurationError,
    PolicyInvalid,
    StageFailure,
    StageTimeout,
    StageUndefined,
)
from gateway.model.decision import Bundle, Decision, Facts
from gateway.model.finding import Stage
from gateway.policy.engine.breaker import EngineBreaker
from gateway.policy.engine.input import InputBuilder, mask, serialise
from gateway.policy.engine.result import parse
from gateway.policy.packs.server_files import ServerFiles, server_files
from gateway.policy.packs.source import RESERVED, Snapshot
from gateway.policy.packs.subset import compile_snapshot

DECISION_PATH = "data.gateway.decision"
UPLOAD_TIMEOUT_S = 10.0
"""Seconds for each request of an upload: the server compiles all modules after each one."""
PREFIX = "avatar-gateway/"  # of the policy ids that this gateway owns on the server

_OURS = frozenset({"packs", "gateway", "lib", RESERVED})
_STRICT = {"strict-builtin-errors": "true"}
_CLIENT_ERRORS = (
    client_errors.ConnectionsError,
    client_errors.QueryExecuteError,
    client_errors.PolicyNotFoundError,
    client_errors.DeletePolicyError,
    client_errors.RegoParseError,
)
_FAILURES = (aiohttp.ClientError, OSError, ValueError, *_CLIENT_ERRORS)


class OpaEngine:
    """A PolicyEngine on the OPA server at `url` (http or https, host, port).

    `upload`: put the snapshot there when warming up; else the server must hold the same policies
    already (`policy export` writes them as a bundle). Each decision must carry the digest of our
    policies. `deadline_ms` is for one decision. After `failures` failed decisions in a row it fails
    at once for `cooldown_s`."""

    def __init__(
        self,
        *,
        snapshot: Snapshot,
        url: str,
        token: str | None = None,
        upload: bool = True,
        deadline_ms: float = 100.0,
        failures: int = 5,
        cooldown_s: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._snapshot = snapshot
        self._builder = InputBuilder()
        self._upload = upload
        self._deadline_ms = deadline_ms
        self._breaker = EngineBreaker(failures=failures, cooldown_s=cooldown_s, clock=clock)
        self._client = _make_client(url, token, deadline_ms / 1_000)
        self._uploader = _make_client(url, token, UPLOAD_TIMEOUT_S)
        self._stack = AsyncExitStack()
        self._opened = False

    @property
    def bundle(self) -> Bundle:
        return self._snapshot.bundle

    async def warm(self) -> None:
        """Open the connection, upload the policies if told to, and check that the server's
        policies are ours. Raises PolicyInvalid, ConfigurationError, StageFailure. When the
        policies are wrong in themselves, nothing has changed on the server."""
        await asyncio.to_thread(compile_snapshot, self._snapshot)
        await self._open_clients()
        try:
            if self._upload:
                await _refuse_strangers(self._uploader)
                await _upload_files(self._uploader, server_files(self._snapshot))
            held = await self._held_digest()
        except TimeoutError:
            raise StageTimeout(Stage.POLICY, UPLOAD_TIMEOUT_S * 1_000) from None
        except client_errors.RegoParseError as error:
            raise _refused_upload(error) from None
        except _FAILURES as error:
            raise _stage_failure(error) from None
        if held != self._snapshot.bundle.digest:
            raise ConfigurationError(
                "policies on the OPA server",
                "they are not the ones loaded here",
                "Load the bundle that `policy export` writes, or let the gateway upload it.",
            )

    async def decide(self, facts: Facts) -> Decision:
        """Raises StageFailure for anything but a well-formed decision of our policies."""
        document = self._builder.build(facts)
        serialise(document)  # both engines refuse the same documents
        answer = await self._ask_server(document)
        if answer.get("digest") != self._snapshot.bundle.digest:
            raise StageUndefined(Stage.POLICY, "the OPA server decided by other policies")
        result = parse(answer.get("decision"))
        return Decision(
            verdict=result.verdict,
            reasons=result.reasons,
            obligations=result.obligations,
            bundle=self._snapshot.bundle,
            engine="opa",
            path=DECISION_PATH,
            document=document,
            masked=mask(document),
        )

    async def close(self) -> None:
        self._opened = False
        await self._stack.aclose()

    async def _open_clients(self) -> None:
        if not self._opened:
            await self._stack.enter_async_context(self._client)
            await self._stack.enter_async_context(self._uploader)
            self._opened = True

    async def _ask_server(self, document: dict[str, Any]) -> dict[str, Any]:
        """The server's `answer` for the document, through the breaker."""
        if not self._opened:
            raise StageFailure(Stage.POLICY, "the OPA engine is not open")
        if not self._breaker.admit():
            raise StageFailure(Stage.POLICY, "the OPA server kept failing; it is left alone")
        try:
            response = await self._query_in_time(document)
        except BaseException:
            self._breaker.fail()
            raise
        self._breaker.succeed()
        return response

    async def _query_in_time(self, document: dict[str, Any]) -> dict[str, Any]:
        try:
            async with asyncio.timeout(self._deadline_ms / 1_000):
                body = await self._post_document(document)
        except TimeoutError:
            raise StageTimeout(Stage.POLICY, self._deadline_ms) from None
        except _FAILURES as error:
            raise _stage_failure(error) from None
        answer = body.get("result") if isinstance(body, dict) else None
        if not isinstance(answer, dict):
            raise StageUndefined(Stage.POLICY, "the OPA server gave no decision")
        return answer

    async def _post_document(self, document: dict[str, Any]) -> Any:
        """Query the server; try a second time when it had closed the idle connection, since a query
        changes nothing."""
        for last in (False, True):
            try:
                return await self._client.query_rule(
                    document, RESERVED, "answer", query_params=_STRICT
                )
            except aiohttp.ServerDisconnectedError:
                if last:
                    raise
        return None

    async def _held_digest(self) -> Any:
        try:
            body = await self._uploader.get_data(f"{RESERVED}/digest")
        except client_errors.PolicyNotFoundError:
            return None
        return body.get("result") if isinstance(body, dict) else None


async def _refuse_strangers(client: AsyncOpaClient) -> None:
    """Raise ConfigurationError for modules of others in our packages: their rules would decide
    along with ours."""
    for name, about in (await client.get_policies_info()).items():
        _, _, package = str(about["path"]).partition("/v1/data/")
        if not name.startswith(PREFIX) and package.split("/")[0] in _OURS:
            raise ConfigurationError(
                "policies on the OPA server",
                f"it holds {package.replace('/', '.')}, which is not ours",
                "Use a server of its own for the gateway.",
            )


async def _upload_files(client: AsyncOpaClient, files: ServerFiles) -> None:
    """Upload modules, then data, and the digest last: until then no decision counts as ours."""
    await client.update_or_create_data({"digest": ""}, RESERVED)
    wanted: dict[str, str | None] = {PREFIX + module.path: module.text for module in files.modules}
    for name in await client.get_policies_list():
        if name.startswith(PREFIX) and name not in wanted:
            wanted[name] = None
    await _change_modules(client, wanted)
    for name, value in files.data.items():
        if name != RESERVED:
            await client.update_or_create_data(value, quote(name, safe=""))
    await client.update_or_create_data(files.data[RESERVED], RESERVED)


async def _change_modules(client: AsyncOpaClient, wanted: dict[str, str | None]) -> None:
    """Put each module, or remove it where its text is None. The server compiles all modules after
    each step and refuses a step that leaves one of them broken. Refused steps are repeated in
    rounds; a round in which every step is refused raises the last error."""
    waiting = wanted
    while waiting:
        refused: dict[str, str | None] = {}
        last: Exception | None = None
        for name, text in waiting.items():
            try:
                if text is None:
                    await client.delete_policy(quote(name))
                else:
                    await client.update_policy_from_string(text, quote(name), rego_compat=False)
            except (client_errors.RegoParseError, client_errors.DeletePolicyError) as error:
                refused[name], last = text, error
        if last is not None and len(refused) == len(waiting):
            raise last
        waiting = refused


def _make_client(url: str, token: str | None, timeout_s: float) -> AsyncOpaClient:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
        raise ConfigurationError(
            "opa_url", "it is not http(s)://host:port", "Write one like http://127.0.0.1:8181."
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return AsyncOpaClient(
        host=host,
        port=parts.port or (443 if parts.scheme == "https" else 80),
        ssl=parts.scheme == "https",
        token=token,
        retries=0,
        timeout=timeout_s,
    )


def _stage_failure(error: BaseException) -> StageFailure:
    """`error` as a StageFailure, without the server's words: they may quote the document."""
    if isinstance(error, aiohttp.ClientResponseError):
        return StageFailure(Stage.POLICY, f"the OPA server answered {error.status}")
    if isinstance(error, aiohttp.ClientConnectionError | OSError):
        return StageFailure(Stage.POLICY, "the OPA server cannot be reached")
    return StageFailure(Stage.POLICY, f"the OPA server could not be asked ({type(error).__name__})")


def _refused_upload(error: client_errors.RegoParseError) -> PolicyInvalid:
    for complaint in error.errors:
        place = complaint.get("location") or {}
        return PolicyInvalid(
            str(place.get("file", "policies")).removeprefix(PREFIX),
            str(complaint.get("message", "OPA refused it")),
            "OPA refuses it: run `policy check` with the opa program.",
            line=place.get("row"),
            column=place.get("col"),
        )
    return PolicyInvalid("policies", str(error.message), "OPA refuses them: run `policy check`.")
