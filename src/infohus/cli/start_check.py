"""What is wrong with an installation: `infohus check` tells all of it, and `infohus serve` does not start with some.

Reads files and the database, asks the witnesses, and changes nothing.
"""

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

import asyncpg
import rich_click as click

from infohus import logs
from infohus.cases.procedure.completeness import ProcedureIncomplete, require_complete
from infohus.cases.procedure.table import PROCEDURE
from infohus.clock import now
from infohus.danish.acts import ACTS
from infohus.danish.purposes import PURPOSES
from infohus.kernel.access.intake_check import faults_of_intake_keys
from infohus.kernel.audit.formats.checkpoint import UnsafeSigningKey
from infohus.kernel.audit.signing.of_settings import signer_of
from infohus.kernel.audit.signing.pooled_signer import CONNECTIONS as SIGNER_CONNECTIONS
from infohus.kernel.audit.signing.signer import TooFewWitnessesAnswered
from infohus.kernel.audit.storage.checkpoint_store import StateNotReadable
from infohus.kernel.audit.verification.consistency import LogNotAsSigned
from infohus.kernel.audit.witness.client import witnesses_in
from infohus.kernel.audit.witness.cosigning import Witnesses, WitnessesNotUsable, WitnessPolicy
from infohus.kernel.authorization.policies import Policies, PoliciesUnsound
from infohus.kernel.database.pool import KEYS, SIGNER, connections_for_keys, open_pool
from infohus.kernel.database.tables import Row
from infohus.kernel.identity.issuers import Issuer, UnsafeIssuer, read_issuers
from infohus.kernel.identity.key_sets import KeySetRefused
from infohus.kernel.sealing.column import sealed_columns
from infohus.kernel.sealing.keepers import FileKeyKeeper, UnsafeKeyFile, keeper_with_signers
from infohus.kernel.sealing.signatures import Signers, SignersNotUsable
from infohus.plan.installed import Installed, installed
from infohus.settings import OF_COMMANDS, Settings, UnsafeSetting, is_open_to_others

CANNOT_START = (
    UnsafeSetting, PoliciesUnsound, UnsafeKeyFile, UnsafeSigningKey, UnsafeIssuer, KeySetRefused, SignersNotUsable,
    WitnessesNotUsable, LogNotAsSigned, StateNotReadable, TooFewWitnessesAnswered, ProcedureIncomplete, OSError,
)
FEWEST_WITNESSES = 3
FEWEST_COSIGNATURES = 2
MOST_OWN_WITNESSES = 1
_STOPS, _WARNS = 1, 4


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong; `stops`: the service does not start with it."""

    text: str
    stops: bool


@click.command("check")
def check() -> None:
    """Say everything that is wrong with this installation, with the settings of the environment; change nothing.

    Exit code 0: nothing. 1: the service would not start. 4: it starts, with these warnings.
    """
    found = findings()
    for finding in found:
        click.echo(f"{'ERROR' if finding.stops else 'WARNING'}  {finding.text}")
    if not found:
        click.echo("Everything is as it should be.")
        return
    raise SystemExit(_STOPS if any(finding.stops for finding in found) else _WARNS)


def findings(environment: Mapping[str, str] = os.environ) -> list[Finding]:
    """Look at settings, files, keys, database, plans and witnesses; what cannot be looked at is a finding too."""
    settings, faults = Settings.read_with_faults(environment)
    found = [Finding(fault, stops=True) for fault in faults]
    found += [
        Finding(f"{variable} is set, and is not the service's: keep it where its command runs", stops=False)
        for variable in sorted(OF_COMMANDS & environment.keys()) if variable.endswith("_DATABASE_URL")
    ]
    if settings is None:
        return [*found, Finding("the rest was not looked at: it needs these settings", stops=True)]
    logs.set_up(form=settings.log_format, sealed_names={column for _, column in sealed_columns(Row.metadata)})
    issuers: list[Issuer] = []
    found += _tried(lambda: require_complete(PROCEDURE, ACTS, PURPOSES))
    found += _tried(lambda: Policies.load(settings.policies_folder))
    found += _tried(lambda: keeper_with_signers(settings.keys_folder, settings.signers_file))
    found += _tried(lambda: issuers.extend(read_issuers(settings.issuers_file, now)))
    found += _tried(lambda: signer_of(settings, now))
    found += asyncio.run(_of_issuers(issuers))
    found += _of_witnesses(settings)
    found += _of_open_policies(settings)
    is_stopped = any(finding.stops for finding in found)
    return found + asyncio.run(_of_database(settings, issuers, found, asks_witnesses=not is_stopped))


def _tried(attempt: Callable[[], object]) -> list[Finding]:
    try:
        attempt()
    except CANNOT_START as refused:
        return [Finding(str(refused), stops=True)]
    return []


async def _of_issuers(issuers: Iterable[Issuer]) -> list[Finding]:
    """Fetch each issuer's keys once; one that does not answer now may answer when somebody signs in."""
    await asyncio.gather(*(issuer.keys.renew() for issuer in issuers))
    return [
        Finding(f"{issuer.url} has no keys now ({issuer.keys.last_failure}): nobody it signs in gets in", stops=False)
        for issuer in issuers if issuer.keys.last_failure
    ]


def _of_witnesses(settings: Settings) -> Iterator[Finding]:
    if settings.witnesses_file is None:
        text = "INFOHUS_WITNESSES_FILE is not set: no witness would notice a log that was written anew"
        yield Finding(text, stops=False)
        return
    try:
        witnesses = witnesses_in(settings.witnesses_file, now)
    except WitnessesNotUsable:
        return  # told by whoever builds the signer
    yield from _of_too_few(witnesses, settings.witnesses_file.name)


def _of_too_few(witnesses: Witnesses, file: str) -> Iterator[Finding]:
    if len(witnesses.keys) < FEWEST_WITNESSES:
        text = f"{file}: {len(witnesses.keys)} witnesses; there should be {FEWEST_WITNESSES}, run by three parties"
        yield Finding(text, stops=False)
    if witnesses.need < FEWEST_COSIGNATURES:
        yield Finding(f"{file}: need = {witnesses.need}; one witness alone could be deceived or lie", stops=False)


def _of_own_witnesses(settings: Settings, plans: Installed) -> Iterator[Finding]:
    """Name each log of which its own authority runs more than one witness, and witnesses that nobody is said to run."""
    if settings.witnesses_file is None:
        return
    try:
        policy = WitnessPolicy.read(settings.witnesses_file)
    except WitnessesNotUsable:
        return  # told by whoever builds the signer
    for name in policy.of_nobody:
        text = f"{settings.witnesses_file.name}: run_by does not say which authority runs {name}"
        yield Finding(text, stops=False)
    for authority in sorted(plans.authorities):
        own = policy.of(authority)
        if len(own) > MOST_OWN_WITNESSES:
            text = (
                f"the log of {authority}: it runs {len(own)} of the witnesses itself ({', '.join(own)}); "
                f"{MOST_OWN_WITNESSES} at most, so that it cannot write its own log anew with them"
            )
            yield Finding(text, stops=False)


def _of_open_policies(settings: Settings) -> Iterator[Finding]:
    for file in sorted(settings.policies_folder.glob("*.cedar*")):
        if is_open_to_others(file):
            yield Finding(f"{file.name}: others may write this policy or its folder; run chmod go-w", stops=False)


async def _of_database(
    settings: Settings, issuers: list[Issuer], told: list[Finding], *, asks_witnesses: bool
) -> list[Finding]:
    """Connect as often as a worker does: it has no way to say that there is no room."""
    found: list[Finding] = []
    asked = "INFOHUS_DATABASE_URL"
    try:
        async with AsyncExitStack() as opened:
            pool = await opened.enter_async_context(await open_pool(settings.database_url, size=settings.pool_size))
            asked = "INFOHUS_KEYS_DATABASE_URL"
            size = connections_for_keys(settings.pool_size)
            pool_of_keys = await opened.enter_async_context(
                await open_pool(settings.keys_database_url, role=KEYS, size=size)
            )
            asked = "INFOHUS_SIGNER_DATABASE_URL"
            pool_of_signer = await opened.enter_async_context(
                await open_pool(settings.signer_database_url, role=SIGNER, size=SIGNER_CONNECTIONS)
            )
            async with pool.acquire() as connection:
                plans = await installed(connection)
            found += _of_plans_keys(plans, settings, told)
            if not any(finding.stops for finding in told):
                found += await _of_intake_keys(plans, settings, pool_of_keys)
            found += _of_installed(plans, issuers)
            found += _of_own_witnesses(settings, plans)
            if asks_witnesses:
                async with pool_of_signer.acquire() as of_signer:
                    await signer_of(settings, now).require_not_behind(of_signer)
    except (ConnectionError, TimeoutError, ValueError, asyncpg.InvalidAuthorizationSpecificationError) as failure:
        found.append(Finding(f"{asked}: the database does not let us in ({type(failure).__name__})", stops=True))
    except CANNOT_START as refused:
        found.append(Finding(str(refused), stops=True))
    except asyncpg.UndefinedTableError:
        found.append(Finding("the database lacks tables: run `infohus migrate` as the owner", stops=True))
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as failure:
        found.append(Finding(f"{asked}: the database answers {type(failure).__name__}", stops=True))
    return found


def _of_plans_keys(plans: Installed, settings: Settings, told: Iterable[Finding]) -> Iterator[Finding]:
    """Name the keys that the plans need and that are not there, but for those that were named already."""
    keeper = FileKeyKeeper(settings.keys_folder)
    for name in keeper.missing(plans.authorities, [infohus.id for infohus in plans.infohuse]):
        if not any(name in finding.text for finding in told):
            text = f"the key file {name} is missing, which a plan needs: run `infohus keys create`"
            yield Finding(text, stops=True)


async def _of_intake_keys(
    plans: Installed, settings: Settings, pool_of_keys: "asyncpg.Pool[asyncpg.Record]"
) -> list[Finding]:
    wanted = {(infohus.id, authority) for infohus in plans.infohuse for authority in infohus.authorities}
    signers = Signers.read(settings.signers_file)
    async with pool_of_keys.acquire() as connection:
        faults = await faults_of_intake_keys(connection, signers, wanted, at=now())
    return [Finding(fault.text, stops=fault.stops) for fault in faults]


def _of_installed(plans: Installed, issuers: Iterable[Issuer]) -> Iterator[Finding]:
    """Compare the plans with the issuers."""
    if not plans.infohuse:
        yield Finding("no plan is loaded: run `infohus plan load`", stops=False)
    spoken_for = set()
    for issuer in issuers:
        spoken_for.add(issuer.authority_id)
        kind = plans.authorities.get(issuer.authority_id)
        if kind is None:
            text = f"{issuer.url} speaks for {issuer.authority_id}, which is in no plan: nobody it signs in can act"
            yield Finding(text, stops=False)
        elif kind is not issuer.authority_kind:
            text = f"{issuer.url} calls {issuer.authority_id} a {issuer.authority_kind}, and its plan says {kind}"
            yield Finding(text, stops=True)
    for infohus in plans.infohuse:
        for authority in infohus.carried_by:
            if authority not in spoken_for:
                text = f"{infohus.name}: no issuer speaks for {authority}: nobody of it can sign in"
                yield Finding(text, stops=False)
        for authority in infohus.without_coordinator:
            text = f"{infohus.name}: {authority} has no tovholder: run `infohus users add-coordinator`"
            yield Finding(text, stops=False)
