"""Who may do what, written a second time: in plain Python, from docs/rules.md, without Cedar.

It is written per action and the policies per reason to permit, so that one mistake is not easily made in both. It also
lists the situations in which the two are compared.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import product
from typing import Final

from infohus.kernel.authorization.action import Action
from infohus.kernel.identity.caller import Assurance, AuthorityKind, Role
from infohus.oversight.content_requests.model import ContentKind

AREAS: Final = ("information", "assessment", "measures", "exchange")


class Standing(StrEnum):
    """How the caller's authority stands to the subject."""

    MEMBER = "member"
    """Of the infohus' plan, or takes part in the case."""
    OUTSIDER = "outsider"
    OWNER = "owner"
    """The record is theirs."""
    TOLD = "told"
    """An exchange disclosed the record to them."""
    UNTOLD = "untold"
    NOBODY = "nobody"
    """The installation is nobody's."""


@dataclass(frozen=True, slots=True)
class Situation:
    """One caller about to do one thing. `kind` is the record's table, or "" when the subject is no record."""

    action: Action
    role: Role
    works_for: AuthorityKind
    participation: str
    scope: frozenset[str]
    standing: Standing
    kind: str
    assurance: Assurance = Assurance.SUBSTANTIAL
    fresh: bool = True
    delivers: bool = False
    """Whether the caller is the one who carries out the measure that the record is of."""
    given: bool = True
    """Whether the invitation is for this record: it is not narrowed to others."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it is allowed, and the prohibitions that the log must name."""

    allowed: bool
    prohibitions: frozenset[str]


M, P = Role.MUNICIPAL_COORDINATOR, Role.POLICE_COORDINATOR
COORDINATORS: Final = frozenset({M, P})
EVERYONE: Final = frozenset(Role)
NOBODY: Final = frozenset[Role]()


@dataclass(frozen=True, slots=True)
class ActionRule:
    """Who may take an action: tovholdere of the case, professionals invited for an area, and roles outside any case."""

    on: str
    coordinators: frozenset[Role] = NOBODY
    invited_for: str | None = None
    outside: frozenset[Role] = NOBODY
    only_members: bool = False
    only_owner: bool = False
    only_fresh: bool = False
    only_readers: bool = False
    """The owner, and those it was disclosed to."""
    only_deliverers: bool = False
    only_given: bool = False
    only_told: bool = False
    """Of those invited: what their authority was told, and its own kept marks; not what it told others."""
    only_without_tovholder: bool = False
    kinds: frozenset[str] = field(default_factory=frozenset)


def _on_record(
    *kinds: str, invited_for: str | None = None, only_owner: bool = False, only_fresh: bool = False,
    only_deliverers: bool = False, only_given: bool = False, only_told: bool = False,
) -> ActionRule:
    return ActionRule(
        "Record", COORDINATORS, invited_for=invited_for, only_owner=only_owner, only_fresh=only_fresh,
        only_deliverers=only_deliverers, only_given=only_given, only_told=only_told, kinds=frozenset(kinds),
    )


_BY_COORDINATORS = ActionRule("Case", COORDINATORS)
_OF_THE_ASKED = _on_record("information_request", invited_for="exchange", only_given=True, only_told=True)
_ANY_AREA = "any"

ACTS: Final[dict[Action, ActionRule]] = {
    Action.SIGN_IN: ActionRule("Installation", outside=EVERYONE),
    Action.LIST_INFOHUSE: ActionRule("Installation", outside=EVERYONE),
    Action.LIST_CASES: ActionRule("Installation", outside=COORDINATORS | {Role.INVITED_PROFESSIONAL}),
    Action.READ_INFOHUS: ActionRule("Infohus", outside=EVERYONE, only_members=True),
    Action.RECORD_CONCERN: ActionRule("Infohus", COORDINATORS, only_members=True),
    Action.SEARCH_PERSONS: ActionRule("Infohus", COORDINATORS, only_members=True),
    Action.LIST_STALLED_MEASURES: ActionRule("Infohus", COORDINATORS, only_members=True),
    **dict.fromkeys((Action.SUPERVISE_EXCHANGES, Action.LIST_CONTENT_REQUESTS), ActionRule(
        "Infohus", outside=frozenset({Role.DATA_PROTECTION_OFFICER, Role.LEGAL}), only_members=True
    )),
    Action.REQUEST_CONTENT: ActionRule("Infohus", outside=frozenset({Role.DATA_PROTECTION_OFFICER}), only_members=True),
    **dict.fromkeys((
        Action.VERIFY_LOG, Action.LIST_LOG_ENTRIES, Action.PROVE_LOG_ENTRY, Action.LIST_CHECKPOINTS,
        Action.SERVE_CHECKPOINT, Action.SERVE_TILE, Action.EXPORT_LOG, Action.LIST_LOG_CHECKS, Action.READ_LOG_CHECK,
        Action.REVIEW_LOG_ENTRY, Action.LIST_LOG_NOTICE_READERS,
    ), ActionRule("Installation", outside=frozenset({Role.DATA_PROTECTION_OFFICER, Role.LEGAL}))),
    **dict.fromkeys((
        Action.VERIFY_INSTALLATION_LOG, Action.LIST_INSTALLATION_LOG_ENTRIES, Action.PROVE_INSTALLATION_LOG_ENTRY,
        Action.EXPORT_INSTALLATION_LOG,
        Action.LIST_INSTITUTION_LOG_ENTRIES, Action.VERIFY_INSTITUTION_LOG, Action.PROVE_INSTITUTION_LOG_ENTRY,
        Action.OPEN_ACTOR, Action.ANNOUNCE_LOG_CHECK, Action.DRAW_LOG_CHECK,
        Action.END_LOG_FINDING,
    ), ActionRule("Installation", outside=frozenset({Role.DATA_PROTECTION_OFFICER}))),
    **dict.fromkeys((
        Action.LIST_LOG_FINDINGS, Action.ANSWER_LOG_FINDING, Action.READ_LOG_NOTICE, Action.ACKNOWLEDGE_LOG_NOTICE,
    ), ActionRule("Installation", outside=EVERYONE)),
    **dict.fromkeys((
        Action.LOAD_PLAN, Action.REGISTER_COORDINATOR, Action.REMOVE_COORDINATOR, Action.LOAD_TEMPLATE,
        Action.MAKE_INTAKE_KEYS, Action.WITHDRAW_KEYS_AGAIN, Action.REPLACE_SIGNER, Action.SET_LOG_RETENTION,
    ), ActionRule("Infohus", outside=frozenset({Role.ADMINISTRATOR}))),
    Action.LIST_OVERDUE_REVIEWS: ActionRule("Infohus", COORDINATORS, only_members=True),
    Action.REPORT_ERASURE: ActionRule("Infohus", COORDINATORS, only_members=True),
    Action.REPORT_SUBJECT_LOG: ActionRule("Infohus", COORDINATORS, only_members=True),
    Action.READ_YEARLY_STATUS: ActionRule(
        "Infohus", COORDINATORS, outside=frozenset({Role.DATA_PROTECTION_OFFICER, Role.LEGAL}), only_members=True
    ),
    Action.RELEASE_YEARLY_STATUS: ActionRule("Infohus", COORDINATORS, only_members=True),
    Action.FULFIL_OBLIGATION: ActionRule("Infohus", COORDINATORS, only_members=True),
    Action.ADD_NETWORK_MATERIAL: ActionRule("Infohus", COORDINATORS, only_members=True),
    Action.READ_CASE: ActionRule("Case", COORDINATORS, invited_for=_ANY_AREA),
    **dict.fromkeys((Action.RECORD_CLEARANCE_CHECK, Action.TAKE_OVER_CASE), ActionRule("Case", frozenset({P}))),
    Action.HAND_OVER_CHILD_NOTIFICATION: _BY_COORDINATORS,
    Action.RECORD_ASSESSMENT_OF_CHILD: ActionRule("Case", frozenset({M})),
    Action.RECORD_RECEIPT_TO_REPORTER: ActionRule("Case", frozenset({M})),
    **dict.fromkeys((Action.ADD_CONCERN, Action.STATE_AGE), _BY_COORDINATORS),
    Action.READ_EARLIER_CONCERNS: _BY_COORDINATORS,
    Action.CONFIRM_EARLIER_CONCERNS: _BY_COORDINATORS,
    Action.INVITE_PARTICIPANT: _BY_COORDINATORS,
    Action.LEAVE_CASE: ActionRule("Case", invited_for=_ANY_AREA),
    Action.NOTE_INFORMATION: ActionRule("Case", COORDINATORS, invited_for="information"),
    **dict.fromkeys((Action.RECORD_EXCHANGE, Action.DISCLOSE_OUTSIDE), _BY_COORDINATORS),
    Action.REPORT_DANGER: ActionRule("Case", frozenset({M, P}), invited_for=_ANY_AREA),
    Action.LIST_EXCHANGES: ActionRule("Case", COORDINATORS, invited_for="exchange"),
    Action.LOOK_THROUGH: _BY_COORDINATORS,
    Action.REQUEST_INFORMATION: _BY_COORDINATORS,
    **dict.fromkeys((Action.RECORD_CUSTODY_RELEASE, Action.STATE_FIRST_VIEW), _BY_COORDINATORS),
    Action.WRITE_NOTE: _BY_COORDINATORS,
    Action.SET_JOURNAL_REFERENCE: _BY_COORDINATORS,
    Action.READ_OWN_JOURNAL: _BY_COORDINATORS,
    Action.READ_CLOSING: _BY_COORDINATORS,
    Action.EXPORT_JOURNAL_NOTE: _BY_COORDINATORS,
    Action.READ_CASE_LOG: _BY_COORDINATORS,
    Action.RECORD_ACCESS_REQUEST: _BY_COORDINATORS,
    Action.RESTRICT_ACCESS: _BY_COORDINATORS,
    Action.RELEASE_WITHHELD: ActionRule("Case", COORDINATORS, only_fresh=True),
    **dict.fromkeys((Action.SET_LEGAL_HOLD, Action.RECORD_ARCHIVE_CLEARANCE, Action.ERASE_CASE), _BY_COORDINATORS),
    Action.PROPOSE_SCOPE_DECISION: _BY_COORDINATORS,
    Action.PROPOSE_SCREENING: _BY_COORDINATORS,
    Action.OPEN_ASSESSMENT: _BY_COORDINATORS,
    Action.PROPOSE_RECOMMENDATION: _BY_COORDINATORS,
    Action.START_MEASURE: _BY_COORDINATORS,
    Action.PROPOSE_CLOSURE: _BY_COORDINATORS,
    Action.END_PARTICIPATION: _on_record("participant"),
    Action.EXTEND_PARTICIPATION: _on_record("participant"),
    Action.READ_CONCERN: _on_record("concern"),
    Action.READ_REPORTER: _on_record("reporter", "reporter_release", only_owner=True, only_fresh=True),
    Action.RELEASE_REPORTER_IDENTITY: _on_record("reporter", only_owner=True, only_fresh=True),
    Action.READ_SUBJECT: _on_record("subject", "age_statement"),
    Action.REVEAL_CPR_NUMBER: _on_record("subject"),
    Action.REVEAL_ADDRESS: _on_record("protected_address", only_owner=True, only_fresh=True),
    Action.READ_CLEARANCE_CHECK: _on_record("clearance_check"),
    Action.READ_CHILD_NOTIFICATION: _on_record("child_notification", "child_notification_step"),
    Action.READ_INFORMATION: _on_record("information", invited_for="information", only_given=True),
    Action.READ_EXCHANGE: _on_record(
        "exchange", "kept_mark", "withdrawal", "onward_notice", invited_for="exchange", only_given=True, only_told=True,
    ),
    Action.REVIEW_ANSWERS: ActionRule(
        "Record", outside=frozenset({Role.DATA_PROTECTION_OFFICER, Role.LEGAL}), only_owner=True,
        kinds=frozenset({"exchange"}),
    ),
    Action.OPEN_ON_REQUEST: ActionRule(
        "Record", outside=frozenset({Role.DATA_PROTECTION_OFFICER}), only_readers=True,
        kinds=frozenset(kind.value for kind in ContentKind),
    ),
    Action.CORRECT_EXCHANGE: _on_record("exchange", only_owner=True),
    Action.WITHDRAW_EXCHANGE: _on_record("exchange", only_owner=True),
    Action.ACKNOWLEDGE_EXCHANGE: _on_record("exchange", invited_for="exchange", only_given=True, only_told=True),
    Action.KEEP_DISCLOSED: _on_record("exchange", invited_for="exchange", only_given=True, only_told=True),
    Action.READ_INFORMATION_REQUEST: _OF_THE_ASKED,
    Action.ANSWER_INFORMATION_REQUEST: replace(_OF_THE_ASKED, only_without_tovholder=True),
    Action.READ_CUSTODY_RELEASE: _on_record("custody_release"),
    Action.READ_FIRST_VIEW: _on_record("first_view"),
    Action.REVEAL_FIRST_VIEW: _on_record("first_view", only_owner=True),
    Action.READ_NOTE: _on_record("note"),
    Action.READ_JOURNAL_REFERENCE: _on_record("journal_reference", only_owner=True),
    Action.READ_ACCESS_REQUEST: _on_record("access_request", only_owner=True),
    Action.EXPORT_ACCESS_PACKAGE: _on_record("access_request", only_owner=True),
    Action.READ_RESTRICTION: _on_record("restriction", only_owner=True),
    Action.LIFT_RESTRICTION: _on_record("restriction", only_owner=True),
    Action.READ_RELEASE: _on_record("release", only_owner=True),
    Action.READ_LEGAL_HOLD: _on_record("legal_hold", only_owner=True),
    Action.LIFT_LEGAL_HOLD: _on_record("legal_hold", only_owner=True),
    Action.READ_ARCHIVE_CLEARANCE: _on_record("archive_clearance", only_owner=True),
    Action.READ_SCOPE_DECISION: _on_record("scope_decision", "scope_disagreement"),
    Action.AMEND_SCOPE_DECISION: _on_record("scope_decision"),
    Action.SIGN_SCOPE_DECISION: _on_record("scope_decision"),
    Action.DIFFER_ON_SCOPE_DECISION: _on_record("scope_decision"),
    Action.READ_SCREENING: _on_record("screening"),
    Action.AMEND_SCREENING: _on_record("screening"),
    Action.SIGN_SCREENING: _on_record("screening"),
    Action.READ_ASSESSMENT: _on_record("assessment", "contribution", invited_for="assessment"),
    Action.CONTRIBUTE_TO_ASSESSMENT: _on_record("assessment", invited_for="assessment"),
    Action.CONCLUDE_ASSESSMENT: _on_record("assessment"),
    Action.SIGN_ASSESSMENT: _on_record("assessment"),
    Action.READ_RECOMMENDATION: _on_record("recommendation"),
    Action.AMEND_RECOMMENDATION: _on_record("recommendation"),
    Action.SIGN_RECOMMENDATION: _on_record("recommendation"),
    Action.READ_MEASURE: _on_record("measure", "follow_up", invited_for="measures", only_deliverers=True),
    Action.RECORD_FOLLOW_UP: _on_record("measure", invited_for="measures", only_deliverers=True),
    Action.READ_CLOSURE: _on_record("closure"),
    Action.AMEND_CLOSURE: _on_record("closure"),
    Action.SIGN_CLOSURE: _on_record("closure"),
    Action.TAKE_BACK_CLOSURE_SIGNATURE: _on_record("closure"),
    Action.END_OWN_SIDE: _on_record("closure"),
}

KINDS: Final = frozenset[str]().union(*(act.kinds for act in ACTS.values()))
CONTENT: Final = frozenset(
    action for action, act in ACTS.items()
    if (act.on in {"Case", "Record"} and action not in {Action.REVIEW_ANSWERS, Action.OPEN_ON_REQUEST}) or action in {
        Action.RECORD_CONCERN, Action.SEARCH_PERSONS, Action.LIST_STALLED_MEASURES, Action.LIST_OVERDUE_REVIEWS,
        Action.REPORT_ERASURE, Action.REPORT_SUBJECT_LOG,
    }
)
_OWN_KIND = {M: AuthorityKind.MUNICIPALITY, P: AuthorityKind.POLICE}
_ON_ANOTHERS = {Action.END_PARTICIPATION, Action.EXTEND_PARTICIPATION}
"""Actions on participations, which are open to the tovholdere of both authorities."""


def verdict_on(case: Situation) -> Verdict:
    """Answer from `ACTS` and the prohibitions."""
    prohibitions = frozenset(_prohibitions(case))
    return Verdict(not prohibitions and _is_permitted(case), prohibitions)


def _is_permitted(case: Situation) -> bool:
    act = ACTS[case.action]
    unmet = (
        act.only_members and case.standing is not Standing.MEMBER,
        act.only_owner and case.standing is not Standing.OWNER,
        act.only_fresh and not case.fresh,
        act.only_readers and case.standing is Standing.UNTOLD,
        bool(act.kinds) and case.kind not in act.kinds,
    )
    if any(unmet):
        return False
    if case.role in act.outside:
        return True
    if case.participation == "coordinator":
        return case.role in act.coordinators
    if case.participation == "invited" and case.role is Role.INVITED_PROFESSIONAL:
        tells = case.standing is Standing.OWNER and case.kind != "kept_mark"
        if any((
            act.only_deliverers and not case.delivers, act.only_given and not case.given, act.only_told and tells,
            act.only_without_tovholder and case.works_for in _OWN_KIND.values(),
        )):
            return False
        return act.invited_for == _ANY_AREA or act.invited_for in case.scope
    return False


def _prohibitions(case: Situation) -> Iterator[str]:
    if case.assurance is Assurance.LOW:
        yield "betydelig-or-higher"
    if case.action not in CONTENT:
        return
    if case.role is Role.ADMINISTRATOR:
        yield "administrators-never-see-content"
    if case.role in {Role.LEGAL, Role.DATA_PROTECTION_OFFICER}:
        yield "supervisors-never-see-content"
    if case.role is Role.INTEGRATION:
        yield "integrations-never-see-content"
    if case.works_for != _OWN_KIND.get(case.role, case.works_for):
        yield "tovholdere-act-for-their-own-kind-of-authority"
    act = ACTS[case.action]
    if act.on == "Case" and case.standing is Standing.OUTSIDER:
        yield "only-those-who-take-part-act-in-a-case"
    if act.on == "Record" and case.standing is Standing.UNTOLD and case.action not in _ON_ANOTHERS:
        yield "what-was-not-disclosed-stays-closed"
    if act.on == "Record" and case.kind not in act.kinds:
        yield "each-act-on-its-own-kind-of-record"


_STANDINGS = {
    "Installation": (Standing.NOBODY,),
    "Infohus": (Standing.MEMBER, Standing.OUTSIDER),
    "Case": (Standing.MEMBER, Standing.OUTSIDER),
    "Record": (Standing.OWNER, Standing.TOLD, Standing.UNTOLD),
}
_ALL_AREAS = frozenset(AREAS)
_PARTICIPATIONS = (
    *product(("none", "coordinator"), (frozenset[str](), _ALL_AREAS)),
    *(("invited", scope) for scope in (frozenset[str](), _ALL_AREAS)),
    *(("invited", frozenset({area})) for area in AREAS),
    *(("invited", _ALL_AREAS - {area}) for area in AREAS),
)
_FEW_PARTICIPATIONS = (("none", frozenset[str]()), ("coordinator", frozenset[str]()), ("invited", _ALL_AREAS))
_SIGN_INS = ((Assurance.LOW, True), (Assurance.HIGH, True), (Assurance.SUBSTANTIAL, False))


def situations() -> Iterator[Situation]:
    """List every act × role × kind of authority × participation × scope × standing, and three more dimensions.

    Level of assurance, freshness, and records of another kind than the act's are crossed with fewer participations.
    """
    for action, act in ACTS.items():
        callers = tuple(product(Role, AuthorityKind, _STANDINGS[act.on]))
        own = sorted(act.kinds) or [""]
        for (role, works_for, standing), (kind, (participation, scope)) in product(
            callers, product(own, _FEW_PARTICIPATIONS if act.only_readers else _PARTICIPATIONS)
        ):
            for delivers, given in product(
                (False, True) if act.only_deliverers else (False,), (True, False) if act.only_given else (True,)
            ):
                yield Situation(
                    action, role, works_for, participation, scope, standing, kind, delivers=delivers, given=given
                )
        for (role, works_for, standing), ((participation, scope), (assurance, fresh)) in product(
            callers, product(_FEW_PARTICIPATIONS, _SIGN_INS)
        ):
            yield Situation(action, role, works_for, participation, scope, standing, own[0], assurance, fresh)
        if act.kinds:
            foreign = [*sorted(KINDS - act.kinds), "unheard_of"]
            for role, standing, kind in product(Role, _STANDINGS[act.on], foreign):
                works_for = _OWN_KIND.get(role, AuthorityKind.MUNICIPALITY)
                yield Situation(action, role, works_for, "coordinator", _ALL_AREAS, standing, kind)
