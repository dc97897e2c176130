"""Material of the network. No column is for a person or a case; who added it stands in the log (rule 25)."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from infohus.kernel.access.model import Infohus
from infohus.kernel.database.tables import Row, new_id


class NetworkMaterial(Row):
    """A text of general knowledge."""

    __tablename__ = "network_material"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    infohus_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Infohus.id), index=True)
    title: Mapped[str]
    text: Mapped[str]
    added_at: Mapped[datetime]
