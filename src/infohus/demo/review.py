"""The last step: the DPO reviews without content, exports the log, checks it offline, and finds one flipped byte."""

import base64
import shutil
from pathlib import Path

from infohus.audit.checkpoint import VerifierKey
from infohus.audit.export import check_proof, unpack
from infohus.audit.tiles import WIDTH, tile_path
from infohus.audit.verification import verify_export
from infohus.demo.playing import Play


def review_the_log(play: Play, folder: Path, *, hidden: str) -> None:
    """The DPO reviews without content, exports, verifies offline, proves one entry, and finds one flipped byte."""
    tell = play.teller
    tell.begin("10. DPO'en kontrollerer uden at se indhold")
    infohus = f"/infohuse/{play.infohus['id']}"
    listed = play.dpo.get(f"{infohus}/exchanges?limit=200")["items"]
    tell.expect(listed and not {"necessity", "summary"} & set(listed[0]), "listen viste indhold")
    play.dpo.get(play.case, status=404)
    tell.say(f"{play.dpo.who} ser {len(listed)} videregivelser: hvem, hvornår, hjemmel, formål. Ikke et ord af sagen.")
    denied = play.dpo.get(f"{infohus}/log/entries?subject={hidden}&outcome=denied")["items"]
    tell.expect(len(denied) == 1, "forsøget på den tredje oplysning stod ikke i loggen")
    refusals = play.dpo.get(f"{infohus}/log/entries?outcome=refused")["items"]
    reasons = {one["entry"]["reason"] for one in refusals}
    tell.expect("exchange-for-investigation" in reasons, "afvisningen stod ikke i loggen")
    tell.say("I loggen står politiets forsøg på den tredje oplysning og forsøget på at bruge § 115 til efterforskning.")
    _export(play, folder, infohus)
    key = VerifierKey.parse((folder / "log.pub").read_text(encoding="utf-8"))
    whole = verify_export(folder, [key])
    tell.expect(whole.is_whole, "; ".join(map(str, whole.faults)))
    tell.say(f"Loggen eksporteres og kontrolleres uden systemet: {whole.entries} poster, alle uændrede.")
    signed = play.dpo.get(f"{infohus}/log/checkpoints?limit=1")
    newest = signed["items"][0]
    tell.expect(newest["is_cosigned"] and signed["uncosigned_since"] is None, "vidnerne har ikke underskrevet")
    witnesses = len(newest["cosigned_by"])
    tell.say(f"{witnesses} vidner har hver for sig husket og underskrevet loggens størrelse; {signed['need']} er nok.")
    found = play.dpo.get(f"{infohus}/log/entries?action=recordExchange&outcome=allowed")["items"]
    wanted = next(
        one["index"] for one in found if any(row["row"] == play.exchange_id for row in one["entry"]["wrote"])
    )
    proof = play.dpo.get(f"{infohus}/log/proofs/{wanted}")
    proved = check_proof(proof["proof"], base64.b64decode(proof["entry"]), [key])
    tell.expect(proved.index == wanted, "beviset gjaldt en anden post")
    tell.say(f"Et bevis på {len(proof['proof'])} tegn viser, at videregivelsen i trin 4 er post {wanted}.")
    _flip_one_byte(play, folder, key, index=wanted, size=whole.entries)


def _export(play: Play, folder: Path, infohus: str) -> None:
    packed = play.dpo.post(f"{infohus}/log/export", status=200)
    shutil.rmtree(folder, ignore_errors=True)
    unpack(packed, folder.parent)
    if folder.name != "log":
        (folder.parent / "log").rename(folder)


def _flip_one_byte(play: Play, folder: Path, key: VerifierKey, *, index: int, size: int) -> None:
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
