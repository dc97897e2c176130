"""What was given to one that takes no part, and rests on what its discloser was told: whether that still stands.

Such a recipient reads elsewhere, so nothing can be closed to it. The discloser and its supervision see all the same
that what it gave was withdrawn from it (rules 13 and 16).
"""

import sqlalchemy as sa

from infohus.cases.disclosures.model import Exchange
from infohus.kernel.access.model import STANDS, Disclosure

_given = sa.func.unnest(Exchange.given_ids, Exchange.given_versions).table_valued(
    sa.column("record_id", sa.Uuid()), sa.column("record_version", sa.Integer()), name="given"
).render_derived()
_AS_TOLD = (
    Disclosure.record_id == _given.c.record_id, Disclosure.record_version == _given.c.record_version,
    Disclosure.recipient_id == Exchange.authority_id,
)
GIVEN_WAS_WITHDRAWN = sa.exists(
    sa.select(_given.c.record_id)
    .where(sa.exists().where(*_AS_TOLD), ~sa.exists().where(*_AS_TOLD, STANDS))
    .correlate(Exchange)
)
"""Whether all that told the discloser something which an exchange gave outside the case was withdrawn."""
