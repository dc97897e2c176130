"""The last step: the DPO reviews without content, exports the log, checks it offline, and finds one flipped bit."""

import base64
import json
import secrets
import shutil
from pathlib import Path
from typing import Any

import msgspec

from infohus.cases.procedure.purposes import LogReadingPurpose
from infohus.clock import now
from infohus.danish_calendar import danish_day
from infohus.demo.people import VESTEGNEN
from infohus.demo.playing import Play
from infohus.kernel.audit.formats.checkpoint import VerifierKey
from infohus.kernel.audit.formats.draw import commitment_of
from infohus.kernel.audit.formats.tiles import WIDTH, tile_path
from infohus.kernel.audit.storage.export import check_proof, unpack
from infohus.kernel.audit.verification.exported_log import verify_export
from infohus.whole_case.log_reports.model import ReportDoesNotHold, SubjectLogReport, check_report

FOR = f"purpose={LogReadingPurpose.SELF_MONITORING}"
"""What the DPO reads the log for; each reading says it (rule 104)."""


def review_the_log(play: Play, folder: Path, *, hidden: str, subject: str) -> None:
    """The DPO reviews without content, exports, verifies offline, proves one entry, and finds one flipped bit."""
    tell = play.teller
    tell.begin("10. DPO'en kontrollerer uden at se indhold")
    infohus = f"/infohuse/{play.infohus['id']}"
    listed = play.dpo.get(f"{infohus}/exchanges?limit=200&{FOR}")["items"]
    tell.expect(listed and not {"necessity", "summary"} & set(listed[0]), "listen viste indhold")
    play.dpo.get(play.case, status=403)
    tell.say(f"{play.dpo.who} ser {len(listed)} videregivelser: hvem, hvornår, hjemmel, formål. Ikke et ord af sagen.")
    _review_the_answers(play, infohus)
    _review_the_attempts(play, hidden)
    _draw_log_check(play)
    report = _tell_the_person(play, infohus, subject)
    _export(play, folder)
    key = VerifierKey.parse((folder / "log.pub").read_text(encoding="utf-8"))
    whole = verify_export(folder, [key])
    tell.expect(whole.is_whole, "; ".join(map(str, whole.faults)))
    tell.say(f"Loggen eksporteres og kontrolleres uden systemet: {whole.entries} poster, alle uændrede.")
    signed = play.dpo.get(f"/log/checkpoints?limit=1&{FOR}")
    newest = signed["items"][0]
    tell.expect(newest["is_cosigned"] and signed["uncosigned_since"] is None, "vidnerne har ikke underskrevet")
    witnesses = len(newest["cosigned_by"])
    tell.say(f"{witnesses} vidner har hver for sig husket og underskrevet loggens størrelse; {signed['need']} er nok.")
    entries = play.dpo.get(f"/log/entries?action=recordExchange&outcome=allowed&{FOR}")["items"]
    wanted = next(
        one["index"] for one in entries if any(row["key"] == [play.exchange_id] for row in one["entry"]["wrote"])
    )
    proof = play.dpo.get(f"/log/proofs/{wanted}?{FOR}")
    proved = check_proof(proof["proof"], base64.b64decode(proof["entry"]), [key])
    tell.expect(proved.index == wanted, "beviset gjaldt en anden post")
    tell.say(f"Et bevis på {len(proof['proof'])} tegn viser, at videregivelsen i trin 4 er post {wanted}.")
    _check_the_report(play, folder, key, report)
    _flip_one_bit(play, folder, key, index=wanted, size=whole.entries)


def _review_the_attempts(play: Play, hidden: str) -> None:
    """Each DPO sees what their own people tried, in their own authority's log and nowhere else."""
    tell, attempt = play.teller, f"/log/entries?subject={hidden}&outcome=denied&{FOR}"
    tell.expect(len(play.politi_dpo.get(attempt)["items"]) == 1, "forsøget på den tredje oplysning stod ikke i loggen")
    tell.expect(not play.dpo.get(attempt)["items"], "politiets forsøg stod i kommunens log")
    refused = f"/log/entries?outcome=refused&{FOR}"
    seen = [entry for dpo in (play.dpo, play.politi_dpo) for entry in dpo.get(refused)["items"]]
    reasons = {refusal["entry"]["reason"] for refusal in seen}
    tell.expect("exchange-for-investigation" in reasons, "afvisningen stod ikke i loggen")
    tell.say("Hver myndighed har sin egen log: i politiets står forsøget på den tredje oplysning, i kommunens intet.")
    tell.say("Forsøget på at bruge § 115 til efterforskning står i loggen hos den myndighed, der prøvede.")


def _review_the_answers(play: Play, infohus: str) -> None:
    """The DPO reads how the municipality answered § 115's questions, and not how the police did."""
    tell, listed = play.teller, play.dpo.get(f"{infohus}/exchanges?limit=200&{FOR}")["items"]
    seen = play.dpo.get(f"{infohus}/exchanges/{play.exchange_id}?{FOR}")
    answers = play.dpo.get(seen["answers"]["read_at"])
    tell.expect(answers["necessity"], "svaret på nødvendigheden manglede")
    theirs = next(one for one in listed if one["discloser"] == VESTEGNEN)
    play.dpo.get(f"/cases/{theirs['case_id']}/exchanges/{theirs['id']}/answers?{FOR}", status=404)
    tell.say(f"Hvorfor kommunen fandt videregivelsen i trin 4 nødvendig, kan DPO'en læse: »{answers['necessity']}«")
    tell.say("Politiets svar åbner kun politiets eget tilsyn, og hvad der blev fortalt, åbner ingen af dem.")


def _export(play: Play, folder: Path) -> None:
    packed = play.dpo.post(f"/log/export?{FOR}", status=200)
    shutil.rmtree(folder, ignore_errors=True)
    unpack(packed, folder.parent)
    if folder.name != "log":
        (folder.parent / "log").rename(folder)


def _draw_log_check(play: Play) -> None:
    """The DPO commits to a secret, has a checkpoint signed, and reveals the secret: both together draw the sample."""
    tell, today, secret = play.teller, str(danish_day(now())), secrets.token_hex(32)
    check = play.dpo.post(f"/log/checks?{FOR}", {
        "period_from": today, "period_until": today, "sample": 25, "commitment": commitment_of(secret).hex(),
    })
    play.dpo.get(f"/log?{FOR}")  # signs it, and the witnesses cosign
    notes = [set(one["note"].splitlines()) for one in play.dpo.get(f"/log/checkpoints?limit=5&{FOR}")["items"]]
    drawn = play.dpo.post(f"/log/checks/{check['id']}/draw?{FOR}", {"secret": secret}, status=200)
    tell.expect(set(drawn["check"]["note"].splitlines()) in notes, "der blev trukket af et andet kontrolpunkt")
    tell.expect(drawn["check"]["is_steerable"] is False, "lodtrækningen kunne være styret")
    sampled = [one for one in drawn["items"] if "random" in one["reasons"]]
    index = next(one["leaf_index"] for one in drawn["items"] if not one["is_own"])
    play.dpo.post(f"/log/checks/{check['id']}/entries/{index}/review?{FOR}", {"review": "in_order"}, status=200)
    tell.say(
        f"Logkontrol: DPO'ens hemmelighed, lovet i varslet, og vidnernes underskrifter trak {len(sampled)} poster, og "
        f"{len(drawn['items']) - len(sampled)} stak ud. Hverken DPO'en eller driften kunne styre det alene, og ingen "
        "kontrollerer sig selv."
    )


def _tell_the_person(play: Play, infohus: str, subject: str) -> dict[str, Any]:
    """The municipality reports to the person when their data were used and for what, without employees' names."""
    answer = play.kommune.post(f"{infohus}/log-reports?{FOR}", {"subject": subject}, status=200)
    report: dict[str, Any] = answer["reports"][0]
    play.teller.expect(play.kommune.who not in report["letter"], "udtrækket nævnte en medarbejder")
    return report


def _check_the_report(play: Play, folder: Path, key: VerifierKey, report: dict[str, Any]) -> None:
    """The report verifies with the log's public key, and no longer does when a line is left out."""
    file = folder.with_name("log-report.json")
    file.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    report_read = msgspec.json.decode(file.read_bytes(), type=SubjectLogReport)
    check_report(report_read, [key])
    shortened = msgspec.structs.replace(report_read, lines=report_read.lines[1:])
    try:
        check_report(shortened, [key])
    except ReportDoesNotHold:
        play.teller.say(
            f"Den, sagen handler om, får {len(report_read.lines)} opslag med tidspunkt og formål, uden navne. "
            "Tages ét ud, passer det ikke med fingeraftrykket i loggen."
        )
    else:
        play.teller.expect(is_so=False, otherwise="et udeladt opslag blev ikke opdaget")


def _flip_one_bit(play: Play, folder: Path, key: VerifierKey, *, index: int, size: int) -> None:
    copy = folder.with_name(folder.name + "-ændret")
    shutil.copytree(folder, copy, dirs_exist_ok=True)
    bundle = index // WIDTH
    path = copy / tile_path("entries", bundle, min(WIDTH, size - bundle * WIDTH))
    changed = bytearray(path.read_bytes())
    changed[len(changed) // 2] ^= 1
    path.write_bytes(changed)
    broken = verify_export(copy, [key])
    shutil.rmtree(copy)
    play.teller.expect(not broken.is_whole, "en ændret byte blev ikke opdaget")
    play.teller.say("I en kopi vendes én bit. Kontrollen siger straks hvor:")
    play.teller.shown(str(broken.faults[0]))
