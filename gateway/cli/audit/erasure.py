"""`audit erase`, `audit retain` and `audit hold`: what is erased, and what must not be."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from gateway.cli.context import ACTOR, CommandServices, moment, run, settings_of
from gateway.cli.options import AsJson
from gateway.cli.output import print_listing
from gateway.errors import InvalidField, OnLegalHold
from gateway.model.erasure import (
    ErasureOrder,
    ErasureReport,
    ErasureScope,
    LegalHold,
    LegalHoldScope,
)

Tenant = Annotated[str, typer.Option(help="Tenant that it belongs to.")]
Reason = Annotated[str, typer.Option(help="Why; goes into the audit log, so quote no message.")]
Actor = Annotated[str, typer.Option("--by", help="Who; goes into the audit log.")]
Subject = Annotated[str | None, typer.Option(help="A person, by audience id.")]
Conversation = Annotated[
    str | None, typer.Option(help="A conversation in which nobody said who the person is.")
]
Creator = Annotated[str | None, typer.Option(help="All of a creator's avatars.")]
Message = Annotated[str | None, typer.Option(help="One message.")]


def add(app: typer.Typer, commands: CommandServices) -> None:
    _add_erase(app, commands)
    _add_retain(app, commands)
    holds = typer.Typer(no_args_is_help=True)
    _add_holds(holds, commands)
    app.add_typer(holds, name="hold", help="Legal holds: what must not be erased.")


def _add_erase(app: typer.Typer, commands: CommandServices) -> None:
    @app.command()
    def erase(
        context: typer.Context,
        reason: Reason,
        subject: Subject = None,
        conversation: Conversation = None,
        creator: Creator = None,
        message: Message = None,
        tenant: Tenant = "default",
        actor: Actor = ACTOR,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Only show what would be erased.")
        ] = False,
        yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
        as_json: AsJson = False,
    ) -> None:
        """Erase for good what a person, a creator's avatars or one message said: the keys that
        sealed it are destroyed, also for every backup. Log entries stay, and one more is added.
        The exit code is 1 when a legal hold is in the way."""
        scope, target = _chosen_target(
            ErasureScope,
            subject=subject,
            conversation=conversation,
            creator=creator,
            message=message,
        )
        order = ErasureOrder(
            scope=scope, tenant=tenant, target=target, actor=actor, reason=_checked_reason(reason)
        )

        async def make_plan() -> ErasureReport:
            async with commands.opened(settings_of(context)) as opened:
                await opened.store.erasures.resume()
                return await opened.store.erasures.plan(order)

        async def erase_now() -> ErasureReport:
            async with commands.opened(settings_of(context)) as opened:
                return await opened.store.erasures.erase(order)

        plan = run(make_plan)
        if plan.legal_holds and not dry_run:
            raise OnLegalHold(plan.legal_holds)
        empty = not (plan.counts.keys or plan.counts.contacts)
        if dry_run or empty:
            _print_report(plan, as_json=as_json, planned=True)
            return
        if not yes:
            typer.echo(_report_text(plan, planned=True), err=True)
            typer.confirm("Erase it? Nothing brings it back.", abort=True, err=True)
        _print_report(run(erase_now), as_json=as_json, planned=False)


def _add_retain(app: typer.Typer, commands: CommandServices) -> None:
    @app.command()
    def retain(
        context: typer.Context,
        now: Annotated[
            bool, typer.Option("--now", help="Erase what is due, instead of only showing it.")
        ] = False,
        as_json: AsJson = False,
    ) -> None:
        """Show what the retention rules (setting `retention`) no longer keep. A running server
        erases it by itself, once an hour."""
        settings = settings_of(context)
        rules = settings.retention_rules

        async def job() -> list[ErasureReport]:
            async with commands.opened(settings) as opened:
                retention = opened.store.retention(rules)
                return await (retention.run() if now else retention.plan())

        reports = run(job)
        if as_json:
            typer.echo(json.dumps([_report_json(report) for report in reports], indent=2))
            return
        for rule in rules:
            typer.echo(f"Rule: {rule}")
        for report in reports:
            typer.echo(_report_text(report, planned=not now))
        if not reports:
            typer.echo("Nothing is due." if rules else "No rule is set: texts are kept.")


def _add_holds(app: typer.Typer, commands: CommandServices) -> None:
    @app.command()
    def place(
        context: typer.Context,
        reason: Reason,
        subject: Subject = None,
        conversation: Conversation = None,
        creator: Creator = None,
        message: Message = None,
        everything: Annotated[
            bool, typer.Option("--everything", help="All of the tenant.")
        ] = False,
        tenant: Tenant = "default",
        until: Annotated[
            str | None,
            typer.Option(help="When it ends by itself (ISO 8601). Default: when lifted."),
        ] = None,
        actor: Actor = ACTOR,
    ) -> None:
        """Place a legal hold: nothing it covers is erased, by order or rule, until it is lifted."""
        scope, target = _chosen_target(
            LegalHoldScope,
            subject=subject,
            conversation=conversation,
            creator=creator,
            message=message,
            tenant="" if everything else None,
        )
        ends = _future_time(until)

        async def job() -> LegalHold:
            async with commands.opened(settings_of(context)) as opened:
                return await opened.store.legal_holds.place(
                    scope=scope,
                    tenant=tenant,
                    target=target,
                    reason=_checked_reason(reason),
                    actor=actor,
                    expires_at=ends,
                )

        typer.echo(run(job).id)

    @app.command("list")
    def listed(
        context: typer.Context,
        tenant: Tenant = "default",
        lifted: Annotated[bool, typer.Option("--all", help="Also legal holds that ended.")] = False,
        as_json: AsJson = False,
    ) -> None:
        """The legal holds of a tenant."""

        async def job() -> list[LegalHold]:
            async with commands.opened(settings_of(context)) as opened:
                return list(await opened.store.legal_holds.placed(tenant))

        at = datetime.now(UTC)
        holds = [hold for hold in run(job) if lifted or hold.holds_at(at)]
        if as_json:
            typer.echo(json.dumps([_hold_json(hold) for hold in holds], indent=2))
            return
        print_listing(
            ("hold", "covers", "placed", "by", "reason", "until"),
            [_hold_cells(hold) for hold in holds],
            whole={"hold", "covers"},
        )

    @app.command()
    def lift(
        context: typer.Context,
        hold: str,
        reason: Reason,
        tenant: Tenant = "default",
        actor: Actor = ACTOR,
    ) -> None:
        """Lift a legal hold: what it covered may be erased again."""

        async def job() -> LegalHold:
            async with commands.opened(settings_of(context)) as opened:
                return await opened.store.legal_holds.lift(
                    tenant, hold, actor=actor, reason=_checked_reason(reason)
                )

        typer.echo(f"{run(job).id}: lifted")


def _chosen_target(scopes: Any, **targets: str | None) -> tuple[Any, str]:
    """The scope and the target of the one option that was given. Raises InvalidField."""
    chosen = [(name, target) for name, target in targets.items() if target is not None]
    if len(chosen) != 1:
        options = ", ".join(f"--{name}" for name in targets if name != "tenant")
        more = ", --everything" if "tenant" in targets else ""
        raise InvalidField(
            "what", "must be named, one way", f"Give exactly one of {options}{more}."
        )
    ((name, target),) = chosen
    if not target and name != "tenant":
        raise InvalidField(f"--{name}", "is empty", "Name one.")
    return scopes(name), target


def _checked_reason(reason: str) -> str:
    if not reason.strip():
        raise InvalidField("--reason", "is empty", "Say why: it stands in the audit log.")
    return reason.strip()


def _future_time(text: str | None) -> datetime | None:
    at = moment("until", text)
    if at is not None and at <= datetime.now(UTC):
        raise InvalidField("--until", "has passed", "Name a time to come.")
    return at


def _print_report(report: ErasureReport, *, as_json: bool, planned: bool) -> None:
    typer.echo(
        json.dumps(_report_json(report), indent=2)
        if as_json
        else _report_text(report, planned=planned)
    )


def _report_text(report: ErasureReport, *, planned: bool) -> str:
    counts = report.counts
    if not counts.keys and not counts.contacts:
        return "Nothing is held of this, so nothing is erased."
    verb = "Would erase" if planned else "Erased"
    lines = [
        f"{verb} ({report.scope.value} in {report.tenant}): {counts.payloads} sealed texts of "
        f"{counts.messages} messages, {counts.keys} keys."
    ]
    lines += [
        f"  {what}: {count}"
        for what, count in (
            ("deliveries stopped", counts.stopped),
            ("held messages expired", counts.expired),
            ("contacts forgotten", counts.contacts),
            ("texts sealed anew, since they shared a key", counts.resealed),
            ("keys that a legal hold keeps", counts.kept),
        )
        if count
    ]
    if report.legal_holds:
        lines.append(f"  in the way: legal hold {', '.join(report.legal_holds)}")
    if report.entry is not None:
        lines.append(f"  {report.id}, entry {report.entry}")
    return "\n".join(lines)


def _report_json(report: ErasureReport) -> dict[str, Any]:
    return {
        "id": report.id,
        "entry": report.entry,
        "at": report.at.isoformat() if report.at else None,
        "scope": report.scope.value,
        "tenant": report.tenant,
        "target": report.target,
        "counts": asdict(report.counts),
        "holds": list(report.legal_holds),
    }


def _hold_cells(hold: LegalHold) -> tuple[str, ...]:
    ends = hold.lifted_at or hold.expires_at
    return (
        hold.id,
        f"{hold.scope.value} {hold.target}",
        hold.placed_at.isoformat(timespec="seconds"),
        hold.placed_by,
        hold.reason,
        ends.isoformat(timespec="seconds") if ends else "it is lifted",
    )


def _hold_json(hold: LegalHold) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(hold).items()
    }
