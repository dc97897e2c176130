"""The mail relay of the organisation, and msmtp where its package cannot be installed; for tests/operators_machine.py.

Started as `mail_stand_ins.py relay`, or with the arguments of msmtp; stands alone, as stand_ins.py does.
"""

import re
import smtplib
import socketserver
import sys
from pathlib import Path

RELAY = ("127.0.0.1", 2525)
KEPT = Path("/run/stand-ins/mail")


def msmtp(*words: str) -> int:
    """Send a mail as its settings say, without what they say of encryption and passwords."""
    sys.stderr.write("STAND-IN msmtp: sends over plain SMTP\n")
    lines = Path(words[0].removeprefix("--file=")).read_text(encoding="utf-8").splitlines()
    settings = dict(line.split(" ", 1) for line in lines if line and not line.startswith("#"))
    with smtplib.SMTP(settings["host"], int(settings["port"])) as to:
        to.sendmail(settings["from"], words[1:], sys.stdin.read())
    return 0


def relay() -> int:
    """Be the organisation's mail relay: take every mail, and keep it."""
    with socketserver.TCPServer(RELAY, Mail) as server:
        server.serve_forever()
    return 0


class Mail(socketserver.StreamRequestHandler):
    """A mail that comes in over SMTP (RFC 5321)."""

    def handle(self) -> None:
        """Answer each command, and keep the mail with its recipients."""
        recipients: list[str] = []
        self.wfile.write(b"220 relay\r\n")
        for line in self.rfile:
            verb = line[:4].upper()
            recipients += re.findall(r"RCPT TO:<([^>]*)>", line.decode())
            answer = b"250 ok\r\n"
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                text = b"".join(iter(self.rfile.readline, b".\r\n")).decode().replace("\r\n", "\n")
                with KEPT.open("a", encoding="utf-8") as mail:
                    mail.write(f"To: {' '.join(recipients)}\n{text}\n")
            elif verb == b"QUIT":
                answer = b"221 bye\r\n"
            self.wfile.write(answer)


if __name__ == "__main__":
    raise SystemExit(relay() if sys.argv[1:] == ["relay"] else msmtp(*sys.argv[1:]))
