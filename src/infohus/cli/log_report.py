"""`infohus audit check-report`: is a person's log report the one that the log seals, and, with the log, complete?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import rich_click as click

from infohus.cli.log_verification import key_of, keys_in, require_enough_keys, witnesses_signed
from infohus.kernel.audit.formats.checkpoint import Checkpoint, NotACheckpoint, VerifierKey
from infohus.kernel.audit.formats.cosignature import (
    CosignatureDoesNotHold,
    NotAWitness,
    cosignatures_on,
    witnesses_of,
)
from infohus.kernel.audit.formats.merkle import ProofDoesNotHold
from infohus.kernel.audit.formats.tiles import entries_in, tile_path, widths
from infohus.kernel.audit.verification.exported_log import verify_export
from infohus.whole_case.log_reports.model import (
    LogReports,
    ReportDoesNotHold,
    SubjectLogReport,
    check_against,
    check_report,
)

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("check-report")
@click.argument("report", type=FILE)
@click.option("--key", required=True, type=FILE, help="File of logs' public keys, from elsewhere.")
@click.option(
    "--cosigner", "cosigners", multiple=True, type=FILE, help="File with a witness' public key; may be repeated."
)
@click.option("--need", default=0, show_default=True, help="How many witnesses must have cosigned.")
@click.option(
    "--log", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="An exported log, for who may read it: is every entry on the person in the report, or restricted?",
)
def check_log_report(*, report: Path, key: Path, cosigners: tuple[Path, ...], need: int, folder: Path | None) -> None:
    """Check offline that REPORT, a person's log report, is word for word the one that the signed log seals.

    REPORT is one report, or the whole answer of the API, with a report for each record of the person.
    """
    require_enough_keys(cosigners, need)
    keys = keys_in(key)
    try:
        names = [file.read_bytes().decode() for file in cosigners]
        checked = [_checked(one, keys, names, folder) for one in _reports_in(report.read_bytes())]
    except ReportDoesNotHold as wrong:
        click.echo(f"FEJL  Udtrækket holder ikke: {wrong}.")
        raise SystemExit(1) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        click.echo("FEJL  Filen er intet udtræk.")
        raise SystemExit(1) from None
    except NotAWitness:
        message = "Hvert vidne har sit eget navn og sin egen nøgle, og ingen af dem er loggens."
        raise click.UsageError(message) from None
    except (ProofDoesNotHold, NotACheckpoint, CosignatureDoesNotHold):
        click.echo("FEJL  Fingeraftrykket står ikke i en log, som nøglen og vidnerne har underskrevet.")
        raise SystemExit(1) from None
    if not checked:
        click.echo("FEJL  Svaret har intet udtræk: der er intet at prøve.")
        raise SystemExit(1)
    for one in checked:
        if len(one.names) < need:
            click.echo(f"FEJL  {witnesses_signed(len(one.names))}, og der skal være {need}.")
            raise SystemExit(1)
    for one in checked:
        _print(one)


@dataclass(frozen=True, slots=True)
class _Checked:
    """A report that the log seals: who cosigned, and how many more entries on the person an exported log has."""

    report: SubjectLogReport
    checkpoint: Checkpoint
    names: list[str]
    withheld: int | None


def _reports_in(content: bytes) -> list[SubjectLogReport]:
    """Read one report, or an answer of the API.

    Raises:
        msgspec.DecodeError: it is neither.
    """
    try:
        return msgspec.json.decode(content, type=LogReports).reports
    except msgspec.ValidationError:
        return [msgspec.json.decode(content, type=SubjectLogReport)]


def _checked(
    log_report: SubjectLogReport, keys: list[VerifierKey], cosigners: Sequence[str], folder: Path | None
) -> _Checked:
    note = log_report.proof.partition("\n\n")[2]
    key = key_of(keys, note.partition("\n")[0])
    witnesses = witnesses_of(key, cosigners)
    checkpoint = check_report(log_report, [key])
    names = sorted(one.name for one in cosignatures_on(note, witnesses))
    withheld = None if folder is None else _check_against_log(log_report, folder, key)
    return _Checked(log_report, checkpoint, names, withheld)


def _print(checked: _Checked) -> None:
    log_report, checkpoint, withheld = checked.report, checked.checkpoint, checked.withheld
    by = f", bevidnet af {', '.join(checked.names)}" if checked.names else ""
    click.echo(f"Ægte: {log_report.authority} gav udtrækket ud, ord for ord, med {len(log_report.lines)} linjer.")
    click.echo(f"Fingeraftrykket står i den underskrevne log {checkpoint.origin} på {checkpoint.size} poster{by}.")
    if withheld is None:
        click.echo("Om noget er udeladt, ses kun af en eksporteret log, med --log, af den, der må læse den.")
    elif withheld == 0:
        click.echo("Helt: hvert opslag om personen, som loggen har, står i udtrækket.")
    else:
        click.echo(f"Helt: loggen har {withheld} opslag mere om personen, og en begrænsning gælder hvert af dem.")


def _check_against_log(log_report: SubjectLogReport, folder: Path, key: VerifierKey) -> int:
    verification = verify_export(folder, [key])
    if not verification.is_whole:
        message = f"den eksporterede log er ikke hel ({verification.faults[0]})"
        raise ReportDoesNotHold(message)
    return check_against(log_report, _entries(folder, verification.entries))


def _entries(folder: Path, size: int) -> Iterator[bytes]:
    for level, index, width in widths(size):
        if level:
            return
        yield from entries_in((folder / tile_path("entries", index, width)).read_bytes())
