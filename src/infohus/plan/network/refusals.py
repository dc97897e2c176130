"""The refusals of network material; their Danish texts are in `danish/`."""

from infohus.errors import Refused


class NetworkMaterialNamesSomebody(Refused):
    """A field holds a CPR number, a case number or an id (rule 25)."""
