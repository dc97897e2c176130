"""A history: acts in order, who looks, and what follows from its seed alone."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from noninterference.acts import Act
from noninterference.installation import THIRDS

BEGINNING = datetime(2025, 12, 2, 12, tzinfo=UTC)


def third_of(seed: int) -> str:
    """Name who is drawn in, in the history of a seed."""
    return THIRDS[seed // 2 % len(THIRDS)]


@dataclass(frozen=True, slots=True)
class History:
    """What happens, and which side looks."""

    seed: int
    observer: str
    acts: tuple[Act, ...]
    order: int = 0
    """Draws the order of rows in run B, where statements leave it open."""

    @property
    def begins_at(self) -> datetime:
        """Give the moment from which the acts' minutes count; it depends on the seed alone."""
        return BEGINNING + timedelta(days=self.seed % 60, hours=self.seed % 11)

    @property
    def third(self) -> str:
        """Name the authority that is drawn in; it depends on the seed alone."""
        return third_of(self.seed)

    def without(self, number: int) -> "History":
        """Give the same history without one act."""
        return replace(self, acts=tuple(act for act in self.acts if act.number != number))

    def __str__(self) -> str:
        """Print it, an act a line."""
        lines = "\n".join(str(act) for act in self.acts)
        begins = f"{self.begins_at:%Y-%m-%d %H:%M}"
        return f"history {self.seed}, order {self.order}, {self.observer} looks, begins {begins}\n{lines}"
