"""Builds every object of the application and hands each what it needs. No other file imports all of its parts."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path

import structlog
from litestar import Litestar
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from infohus import logs
from infohus.cases.api import AuthoritiesSigningIn
from infohus.cases.api import handlers as case_handlers
from infohus.cases.procedure.completeness import require_complete
from infohus.cases.procedure.table import PROCEDURE
from infohus.casework.assessments.api import handlers as assessment_handlers
from infohus.casework.concerns.api import handlers as concern_handlers
from infohus.casework.disclosable_records import DISCLOSABLE_RECORDS
from infohus.casework.exchanges.api import handlers as exchange_handlers
from infohus.casework.measures.api import handlers as measure_handlers
from infohus.casework.notes.api import handlers as note_handlers
from infohus.casework.scope_decisions.api import handlers as scope_handlers
from infohus.casework.screenings.api import handlers as screening_handlers
from infohus.clock import now
from infohus.danish.acts import ACTS
from infohus.danish.purposes import PURPOSES
from infohus.danish_calendar import danish_day
from infohus.errors import Refused
from infohus.kernel.access.restored_keys import KeysAreOlder, require_withdrawn_keys_gone
from infohus.kernel.answers.problems import guarded
from infohus.kernel.audit.signing.of_settings import folder_of_signer, signer_of
from infohus.kernel.audit.signing.pooled_signer import CONNECTIONS as SIGNER_CONNECTIONS
from infohus.kernel.audit.signing.pooled_signer import PooledSigner
from infohus.kernel.audit.storage.checkpoint_store import StateNotReadable
from infohus.kernel.audit.verification.consistency import LogNotAsSigned
from infohus.kernel.authorization.action import Action
from infohus.kernel.authorization.policies import Policies
from infohus.kernel.database.pool import KEYS, SIGNER, connections_for_keys, open_pool
from infohus.kernel.database.readiness import newest_version, require_same_time, require_schema, require_writable
from infohus.kernel.database.tables import Row
from infohus.kernel.identity.caller import Assurance
from infohus.kernel.identity.issuers import read_issuers
from infohus.kernel.identity.tokens import TokenGate
from infohus.kernel.sealing.column import sealed_columns
from infohus.kernel.sealing.keepers import keeper_with_signers
from infohus.kernel.sealing.vault import Vault
from infohus.kernel.unit_of_work.actors import Actors
from infohus.kernel.unit_of_work.begin import UnitsOfWork
from infohus.oversight.content_requests.api import handlers as content_request_handlers
from infohus.oversight.log_checks.api import handlers as log_check_handlers
from infohus.oversight.obligations.api import handlers as obligation_handlers
from infohus.oversight.statistics.api import handlers as statistics_handlers
from infohus.oversight.supervision.api import handlers as supervision_handlers
from infohus.oversight.supervision.checkpoint_routes import handlers as checkpoint_handlers
from infohus.oversight.supervision.tile_routes import handlers as tile_handlers
from infohus.plan.api import handlers as plan_handlers
from infohus.plan.contact_routes import handlers as contact_handlers
from infohus.plan.network.api import handlers as network_handlers
from infohus.plan.version_routes import handlers as plan_version_handlers
from infohus.settings import Settings, UnsafeSetting
from infohus.web.api_description import ExactConfig
from infohus.web.attempts import RolesOfRoutes, acts_of, roles_of
from infohus.web.authentication import AuthenticationMiddleware
from infohus.web.dependencies import make_in_turn
from infohus.web.documentation import DocumentationPage, documentation_router
from infohus.web.file_parts import keys_of, living_tasks, room_on_disks, unchanged_policies
from infohus.web.health_routes import handlers as health_handlers
from infohus.web.problem_routes import handlers as problem_handlers
from infohus.web.problems import before_each_route, exception_handlers
from infohus.web.readiness import Readiness
from infohus.web.scopes import scopes_over
from infohus.web.strict_http import StrictHttp
from infohus.web.strict_request import StrictRequest, require_guarded_routes
from infohus.whole_case.closures.api import handlers as closure_handlers
from infohus.whole_case.earlier_concerns.api import handlers as earlier_concern_handlers
from infohus.whole_case.erasure.api import handlers as erasure_handlers
from infohus.whole_case.journal.api import handlers as journal_handlers
from infohus.whole_case.log_reports.api import handlers as log_report_handlers
from infohus.whole_case.next_steps.api import handlers as next_step_handlers
from infohus.whole_case.rights.api import handlers as right_handlers
from infohus.whole_case.searches.api import handlers as search_handlers
from infohus.whole_case.takeovers.api import handlers as takeover_handlers

logger = structlog.get_logger()

_OBJECTS_BETWEEN_COLLECTIONS = 20_000
_FORGET_EVERY_SECONDS = 30
_COUNT_EVERY_SECONDS = 60
_END_KEYS_EVERY_SECONDS = 3600
_ASK_WITNESSES_EVERY_SECONDS = 30


def application() -> Litestar:
    """Build the application of the environment's settings, for a process that serves nothing else."""
    app = create_app(Settings.read())
    # What was built until now lives as long as the process, so the collector of reference cycles need not go through it
    # again. A request makes few cycles: it looks for them seldom.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 20)
    return app


def create_app(settings: Settings) -> Litestar:
    """Build the application. It reads files; no database or network is used before it starts.

    Raises:
        PoliciesUnsound: the policies do not validate.
        ProcedureIncomplete: an act has no row in the procedure's table, or its row lacks something.
        UnguardedType: a route would let in what nobody can mean.
        UnsafeKeyFile, UnsafeIssuer, UnsafeSigningKey, SignersNotUsable, WitnessesNotUsable: a file is missing or
            unsafe.
    """
    require_complete(PROCEDURE, ACTS, PURPOSES)
    logs.set_up(form=settings.log_format, sealed_names={column for _, column in sealed_columns(Row.metadata)})
    policies = Policies.load(settings.policies_folder)
    keeper, signers = keeper_with_signers(settings.keys_folder, settings.signers_file)
    vault = Vault(keeper, signers, now, keep_keys_seconds=settings.keep_keys_seconds)
    issuers = read_issuers(settings.issuers_file, now)
    signing_in = AuthoritiesSigningIn(frozenset(issuer.authority_id for issuer in issuers))
    gate = TokenGate(
        issuers, now, audience=settings.audience,
        minimum_assurance=Assurance(settings.minimum_assurance),
    )
    actors = Actors()
    signer = signer_of(settings, now)
    pooled_signer = PooledSigner(signer)
    units = UnitsOfWork(
        policies=policies, vault=vault, procedure=PROCEDURE, clock=now, acknowledged=signer.acknowledged,
    )

    readiness = Readiness()

    @asynccontextmanager
    async def connected(_app: Litestar) -> AsyncIterator[None]:
        try:
            with _said_why_not():
                pool = await open_pool(settings.database_url, size=settings.pool_size)
                readiness.register("database", partial(units.ask, require_writable), close=pool.close)
                pool_of_keys = await open_pool(
                    settings.keys_database_url, role=KEYS, size=connections_for_keys(settings.pool_size)
                )
                ask_keys = partial(units.ask_keys, require_writable)
                readiness.register("keys-database", ask_keys, close=pool_of_keys.close)
                pool_of_signer = await open_pool(settings.signer_database_url, role=SIGNER, size=SIGNER_CONNECTIONS)
                pooled_signer.open(pool_of_signer)
                readiness.register("signer", pooled_signer.require_ready, close=pool_of_signer.close)
                await pooled_signer.require_not_behind()
                async with pool.acquire() as connection, pool_of_keys.acquire() as keys_connection:
                    await require_withdrawn_keys_gone(connection, keys_connection, at=now())
            readiness.register("schema", partial(units.ask, partial(require_schema, newest_version())))
            readiness.register("clock", partial(units.ask, partial(require_same_time, now)))
            readiness.register("keys", keys_of(keeper, units.carriers))
            readiness.register("policies", unchanged_policies(policies, settings.policies_folder))
            readiness.register("witnesses", pooled_signer.require_witnesses, keep_seconds=_ASK_WITNESSES_EVERY_SECONDS)
            readiness.register(
                "disk", room_on_disks(_watched_folders(settings), least_megabytes=settings.least_free_megabytes)
            )
            ending = AsyncExitStack()
            await ending.enter_async_context(units.open(pool, pool_of_keys))
            ending.push_async_callback(_append_refusal_counts, units)
            tasks = [
                asyncio.create_task(_forget_old_keys(vault), name="forget-old-keys"),
                asyncio.create_task(_append_refusal_counts_every_minute(units), name="append-refusal-counts"),
                asyncio.create_task(pooled_signer.sign_every(settings.sign_every_seconds), name="sign"),
                asyncio.create_task(_end_answered_requests(units, settings.idempotency_days), name="end-answered"),
            ]
            readiness.register("tasks", living_tasks(tasks), close=partial(_end, tasks, ending))
            yield
        finally:
            await readiness.close()

    handlers, acts = route_handlers(), acts_of(guarded_handlers())
    roles = roles_of(acts, policies)
    app = make_in_turn(Litestar(
        route_handlers=handlers,
        request_class=StrictRequest,
        dependencies={
            **scopes_over(units),
            "stalled_after_days": Provide(lambda: settings.stalled_after_days, sync_to_thread=False),
            "police_answer_pet": Provide(lambda: settings.police_answer_pet, sync_to_thread=False),
            "other_signs_within_days": Provide(lambda: settings.other_signs_within_days, sync_to_thread=False),
            "saturday_counts": Provide(lambda: settings.saturday_counts, sync_to_thread=False),
            "note_late_after_days": Provide(lambda: settings.note_late_after_days, sync_to_thread=False),
            "readiness": Provide(lambda: readiness, sync_to_thread=False),
            "units": Provide(lambda: units, sync_to_thread=False),
            "log_check_least_sample": Provide(lambda: settings.log_check_least_sample, sync_to_thread=False),
            "log_check_every_months": Provide(lambda: settings.log_check_every_months, sync_to_thread=False),
            "authorities_signing_in": Provide(lambda: signing_in, sync_to_thread=False),
            "disclosable_records": Provide(lambda: DISCLOSABLE_RECORDS, sync_to_thread=False),
            "signer": Provide(lambda: pooled_signer, sync_to_thread=False),
        },
        middleware=[AuthenticationMiddleware(gate, units, actors, acts)],
        before_request=before_each_route(roles),
        exception_handlers=exception_handlers,
        lifespan=[connected],
        request_max_body_size=settings.largest_request_bytes,
        openapi_config=_openapi(handlers, acts, roles),
        logging_config=None,
    ))
    require_guarded_routes(app.routes)
    # Litestar's own middleware comes after routing; an address must be read strictly before.
    app.asgi_handler = StrictHttp(app.asgi_handler)
    return app


def route_handlers() -> list[HTTPRouteHandler]:
    """List every route, whatever the settings."""
    return [*health_handlers, *problem_handlers, *guarded_handlers()]


def guarded_handlers() -> list[HTTPRouteHandler]:
    """List the routes that need a caller."""
    return guarded(
        *plan_handlers, *contact_handlers, *concern_handlers, *earlier_concern_handlers, *search_handlers,
        *takeover_handlers,
        *case_handlers, *next_step_handlers, *scope_handlers, *screening_handlers,
        *assessment_handlers, *exchange_handlers, *measure_handlers, *closure_handlers, *supervision_handlers,
        *content_request_handlers,
        *statistics_handlers, *note_handlers, *journal_handlers, *right_handlers, *erasure_handlers,
        *plan_version_handlers, *obligation_handlers, *network_handlers, *checkpoint_handlers,
        *tile_handlers, *log_report_handlers, *log_check_handlers,
    )


def _watched_folders(settings: Settings) -> dict[str, Path]:
    """Give the folders whose disks must have room, by what they are for."""
    folders = {"keys": settings.keys_folder, "signer": folder_of_signer(settings)}
    return folders if settings.database_folder is None else {**folders, "database": settings.database_folder}


async def _append_refusal_counts_every_minute(units: UnitsOfWork) -> None:
    while True:
        await asyncio.sleep(_COUNT_EVERY_SECONDS)
        await _append_refusal_counts(units)


async def _append_refusal_counts(units: UnitsOfWork) -> None:
    """Append what was counted; a failure is logged, and the next round tries again."""
    try:
        await units.append_refusal_counts()
    except Refused as refused:
        logger.warning("refusals_not_logged", reason=refused.slug)


@contextmanager
def _said_why_not() -> Iterator[None]:
    """Log what stops the start. The server's own log is off, so a worker would end without a word."""
    try:
        yield
    except (UnsafeSetting, LogNotAsSigned, StateNotReadable, KeysAreOlder) as refused:
        logger.critical("cannot_start", why=str(refused))
        raise
    except Exception as failure:
        logger.critical("cannot_start", exc_info=failure)
        raise


async def _end(tasks: list["asyncio.Task[None]"], ending: AsyncExitStack) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await ending.aclose()


async def _forget_old_keys(vault: Vault) -> None:
    """Drop expired keys from memory again and again, also while no request comes."""
    while True:
        await asyncio.sleep(_FORGET_EVERY_SECONDS)
        vault.forget_the_old()


async def _end_answered_requests(units: UnitsOfWork, days: int) -> None:
    """End idempotency keys at the start and every hour. Which are due is read from their rows, whoever made them."""
    while True:
        try:
            ended = await units.end_answered_requests(before=danish_day(now()) - timedelta(days=days))
        except Exception as failure:
            logger.exception("answered_requests_not_ended", exc_info=failure)
        else:
            logger.info("answered_requests_ended", ended=ended)
        await asyncio.sleep(_END_KEYS_EVERY_SECONDS)


def _openapi(handlers: list[HTTPRouteHandler], acts: Mapping[str, Action], roles: RolesOfRoutes) -> ExactConfig:
    return ExactConfig(
        title="infohus", version=version("infohus"), handlers=handlers, use_handler_docstrings=True, roles=roles,
        acts={operation: ACTS[PROCEDURE[action].words] for operation, action in acts.items()},
        description=(
            "Casework that a municipality's and the police's coordinators of an infohus share. "
            "Whatever goes wrong is answered as problem details, in Danish."
        ),
        render_plugins=[DocumentationPage(), JsonRenderPlugin()], openapi_router=documentation_router(),
        components=Components(security_schemes={
            "bearer": SecurityScheme(
                type="http", scheme="bearer", bearer_format="JWT",
                description="A token from the identity provider of the caller's authority.",
            ),
        }),
        security=[{"bearer": []}],
    )
