"""The option that says whose audit log a command is about."""

import re
from uuid import UUID

import rich_click as click

from infohus.kernel.audit.storage.log import INSTALLATION_LOG, log_of

_AUTHORITY = re.compile("[a-z0-9]+(-[a-z0-9]+)*")


class LogName(click.ParamType[UUID]):
    """Whose log: an authority's id as its plan names it, `installation`, or the log's own id."""

    name = "log"

    def convert(self, value: str | UUID, param: click.Parameter | None, ctx: click.Context | None) -> UUID:
        """Give the log's id; whether there is such a log, the database says.

        Raises:
            BadParameter: it is none of these.
        """
        if isinstance(value, UUID):
            return value
        try:
            return UUID(value)
        except ValueError:
            if value == "installation":
                return INSTALLATION_LOG
            if not _AUTHORITY.fullmatch(value):
                self.fail("neither an authority's id, nor `installation`, nor a log's id", param, ctx)
            return log_of(value)
