"""Where the policies come from, and how changed ones are taken into use while the gateway runs."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from gateway.errors import (
    ConfigurationError,
    GatewayError,
    InvalidField,
    NotFound,
    PolicyInvalid,
)
from gateway.model.decision import Bundle
from gateway.policy.live.live_policies import LivePolicies, PoliciesStatus
from gateway.policy.live.shadow import Shadow
from gateway.policy.packs.bundles import MAX_BUNDLE_BYTES, files_in, pack_for_server, unpack
from gateway.policy.packs.signing import BundleSigningKey, BundleVerificationKey
from gateway.policy.packs.source import Snapshot, fingerprint, load_snapshot, read_folder

FOLDER, BUNDLE = "folder", "bundle"

Fingerprint = tuple[tuple[str, int, int, int], ...]


class PolicySource:
    """A signed bundle once there is one at `bundle`, else the folder `folder`. Without `key` no
    bundle is taken."""

    def __init__(self, *, folder: Path, bundle: Path, key: BundleVerificationKey | None) -> None:
        self._folder = folder
        self._bundle = bundle
        self._key = key

    @property
    def takes_bundles(self) -> bool:
        return self._key is not None

    @property
    def name(self) -> str:
        return BUNDLE if self._bundle.exists() else FOLDER

    def read(self) -> tuple[Snapshot, str]:
        """The policies, and whether they are those of the folder or of the bundle. Raises
        PolicyInvalid, and ConfigurationError for a bundle that nobody can verify."""
        if not self._bundle.exists():
            return load_snapshot(self._folder), FOLDER
        try:
            with self._bundle.open("rb") as file:
                content = file.read(MAX_BUNDLE_BYTES + 1)
        except OSError as error:
            raise ConfigurationError(
                str(self._bundle), f"cannot be read ({error.strerror})", "Make it readable."
            ) from None
        return self.verified(content), BUNDLE

    def files(self) -> list[tuple[str, bytes]]:
        """The files that `read` reads. Raises as `read` does."""
        if not self._bundle.exists():
            return read_folder(self._folder)
        self.read()
        return files_in(self._bundle.read_bytes())

    def verified(self, content: bytes) -> Snapshot:
        """The policies of a bundle. Raises PolicyInvalid and ConfigurationError."""
        if self._key is None:
            raise ConfigurationError(
                "policies_bundle_key",
                "is not set, so that no bundle can be verified",
                "Name the public key (PEM) that bundles are signed for.",
            )
        return unpack(content, key=self._key)

    def fingerprint(self) -> Fingerprint:
        """A value that changes whenever the result of `read` may have changed."""
        try:
            about = self._bundle.stat()
        except OSError:
            return fingerprint(self._folder)
        return ((str(self._bundle), about.st_ino, about.st_size, about.st_mtime_ns),)

    def keep(self, content: bytes) -> None:
        """Put the bundle in place, whole or not at all, and durably."""
        beside = self._bundle.with_name(f".{self._bundle.name}.new")
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._bundle)

    def drop(self) -> None:
        self._bundle.unlink(missing_ok=True)

    def folder_snapshot(self) -> Snapshot:
        return load_snapshot(self._folder)


class Reloader:
    """Takes changed policies into use: those found in the folder or as the stored bundle, and those
    that are pushed."""

    def __init__(
        self,
        *,
        live: LivePolicies,
        source: PolicySource,
        shadow: Shadow | None = None,
        signing_key: BundleSigningKey | None = None,
    ) -> None:
        self._live = live
        self._shadow = shadow
        self._source = source
        self._seen = source.fingerprint()
        self._signing_key = signing_key
        self._packed = ("", b"")

    @property
    def status(self) -> PoliciesStatus:
        return self._live.status

    @property
    def shadow(self) -> Shadow | None:
        return self._shadow

    async def served(self) -> tuple[str, bytes]:
        """The policies in use, as their digest and a signed bundle for OPA servers that fetch
        it. Raises NotFound where no key signs bundles."""
        if self._signing_key is None:
            raise NotFound("signed bundle", "policies", "Set policies_signing_key.")
        snapshot = self._live.snapshot
        if self._packed[0] != snapshot.bundle.digest:
            content = await asyncio.to_thread(pack_for_server, snapshot, key=self._signing_key)
            self._packed = (snapshot.bundle.digest, content)
        return self._packed

    async def watch(self, every_s: float) -> None:
        """Look every `every_s` seconds, for ever."""
        while True:
            await asyncio.sleep(every_s)
            await self.look(every_s)

    async def look(self, settle_s: float = 0.0) -> None:
        """Look once. A change counts when nothing has changed for `settle_s` seconds more, so
        that files half written or half copied are not read."""
        await self._look_at_source(settle_s)
        if self._shadow is not None:
            await self._shadow.refresh(self._source.files, self._live.bundle.digest)

    async def _look_at_source(self, settle_s: float) -> None:
        seen_now = await asyncio.to_thread(self._source.fingerprint)
        if seen_now == self._seen:
            return
        while True:
            await asyncio.sleep(settle_s)
            again = await asyncio.to_thread(self._source.fingerprint)
            if again == seen_now:
                break
            seen_now = again
        self._seen = seen_now
        source = self._source.name
        try:
            snapshot, source = await asyncio.to_thread(self._source.read)
            await self._live.replace(snapshot, source=source, actor=f"policies {source}")
        except GatewayError as error:
            if not isinstance(error, PolicyInvalid):
                self._seen = ()  # the log or a server may be back the next time
            last_refusal = self._live.status.refused
            if last_refusal is None or last_refusal.problem != str(error):
                await self._live.refuse(error, source=source, actor=f"policies {source}")

    async def push(self, content: bytes, *, actor: str) -> Bundle:
        """Take a signed bundle into use and keep it for the next start. Raises InvalidField, which
        says where the bundle is wrong; the old policies then stay in use."""
        if not self._source.takes_bundles:
            raise InvalidField(
                "bundle", "no bundles are taken here", "Set policies_bundle_key to a public key."
            )
        try:
            snapshot = await asyncio.to_thread(self._source.verified, content)
            return await self._live.replace(
                snapshot, source=BUNDLE, actor=actor, keep=lambda: self._source.keep(content)
            )
        except ConfigurationError as error:
            await self._live.refuse(error, source="push", actor=actor)
            raise InvalidField(f"bundle: {error.what}", error.problem, error.mend) from None

    async def withdraw(self, *, actor: str) -> Bundle:
        """Take the policies of the folder into use again and delete the bundle. Raises
        InvalidField as `push` does."""
        try:
            snapshot = await asyncio.to_thread(self._source.folder_snapshot)
            return await self._live.replace(
                snapshot, source=FOLDER, actor=actor, keep=self._source.drop
            )
        except ConfigurationError as error:
            await self._live.refuse(error, source=FOLDER, actor=actor)
            raise InvalidField(f"policies: {error.what}", error.problem, error.mend) from None
