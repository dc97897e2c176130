"""`infohus audit draw`: repeat the draw of a log check, offline, from announcement, secret and checkpoint."""

import re
from pathlib import Path
from uuid import UUID

import rich_click as click

from infohus.cli.log_verification import key_of, keys_in
from infohus.kernel.audit.formats.checkpoint import NotACheckpoint
from infohus.kernel.audit.formats.cosignature import (
    CosignatureDoesNotHold,
    NotAWitness,
    unknown_signers,
    witnesses_of,
)
from infohus.kernel.audit.formats.draw import Announced, NotDrawable, draw_from

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

STEERABLE = (
    "Pas på: intet vidne er med i frøet. Den, der driver loggen, og den, der kontrollerer, kan tilsammen have styret "
    "det; ingen af dem kan alene."
)
UNKNOWN = (
    "Pas på: notatet har også linjer af {names}, hvis nøgler ikke er givet med. Frøet bruger linjen fra hvert vidne, "
    "som infohus kender; mangler et af dem, bliver det andre poster end dem, infohus trak. Giv hver nøgle med "
    "--cosigner."
)


class Digits(click.ParamType[str]):
    """64 lower-case hexadecimal digits."""

    name = "digits"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the value unchanged.

        Raises:
            BadParameter: it is something else.
        """
        if not re.fullmatch("[0-9a-f]{64}", value):
            self.fail("not 64 lower-case hexadecimal digits", param, ctx)
        return value


@click.command()
@click.argument("checkpoint", type=FILE)
@click.option("--key", required=True, type=FILE, help="File of logs' public keys, from elsewhere.")
@click.option(
    "--cosigner", "cosigners", multiple=True, type=FILE,
    help="File with a witness' public key; once for each witness that infohus knows.",
)
@click.option("--need", required=True, type=click.IntRange(min=0), help="How many witnesses must have cosigned.")
@click.option("--check", "check_id", required=True, type=click.UUID, help="The check's id, as announced.")
@click.option(
    "--announced-at", required=True, type=click.IntRange(min=0), help="The log's size with the announcement in it."
)
@click.option("--first", required=True, type=click.IntRange(min=0), help="The period's first entry, 0-based.")
@click.option("--last", required=True, type=click.IntRange(min=0), help="The period's last entry.")
@click.option("--sample", required=True, type=click.IntRange(1, 10_000), help="How many entries are drawn.")
@click.option(
    "--commitment", required=True, type=Digits(), help="What was promised, as the entry that announced it says."
)
@click.option(
    "--of-another-log", is_flag=True,
    help="The period counts what is shown of an institution's log, which this log's checkpoint says nothing of.",
)
@click.option("--secret", required=True, type=Digits(), help="The secret that was revealed at the draw.")
def draw(  # noqa: PLR0913 - one option each
    *, checkpoint: Path, key: Path, cosigners: tuple[Path, ...], need: int, check_id: UUID, announced_at: int,
    first: int, last: int, sample: int, commitment: str, of_another_log: bool, secret: str,
) -> None:
    """Draw the entries of a log check from CHECKPOINT, the cosigned note, and the secret; prints one index a line."""
    try:
        note = _text(checkpoint)
        log = key_of(keys_in(key), note.partition("\n")[0])
        witnesses = witnesses_of(log, map(_text, cosigners))
        drawn = draw_from(
            note,
            Announced(
                check_id, announced_at, first, last, sample, need, bytes.fromhex(commitment),
                is_of_this_log=not of_another_log,
            ),
            secret=secret, key=log, witnesses=witnesses,
        )
    except NotDrawable as refused:
        raise click.ClickException(str(refused)) from None
    except NotAWitness:
        message = "a cosigner is no witness' key, the log's own, or one whose name or key another has too"
        raise click.UsageError(message) from None
    except (NotACheckpoint, UnicodeDecodeError):
        message = "the checkpoint or a key is malformed, or the log's key did not sign it"
        raise click.ClickException(message) from None
    except CosignatureDoesNotHold:
        message = "a witness' signature on the checkpoint does not hold"
        raise click.ClickException(message) from None
    click.echo(f"seed {drawn.seed.hex()}", err=True)
    if names := unknown_signers(note, [log, *witnesses]):
        click.echo(UNKNOWN.format(names=", ".join(names)), err=True)
    if drawn.is_steerable:
        click.echo(STEERABLE, err=True)
    for index in drawn.indices:
        click.echo(str(index))


def _text(file: Path) -> str:
    # As bytes: reading as text would translate newlines, which are signed.
    return file.read_bytes().decode()
