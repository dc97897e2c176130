"""What may be refused here; the words are in `danish/`."""

from infohus.errors import Refused


class NetworkMaterialNamesSomebody(Refused):
    """Rule 25."""
