"""The TLS proxy: nginx itself with the configuration of deploy/nginx, in front of the application."""

import json
import re
import shutil
import socket
import ssl
import subprocess
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from msgspec import structs

from house import now
from infohus.demo.issuer import DemoIssuers
from infohus.demo.local_postgres import LocalPostgres
from infohus.kernel.audit.formats.cosignature import cosignatures_on
from infohus.kernel.audit.witness.witness import LARGEST_BODY
from infohus.settings import Settings
from leaks import assert_nothing_leaked
from runbook import DEPLOY, ENDS_WITH_US, Installation, Served, free_port, written_as
from witness_process import ASKED, NOTE, serving_witness

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
pytestmark = pytest.mark.skipif(
    NGINX is None, reason="NOT CHECKED: nginx, whose configuration is tried, is missing (apt-get install nginx-light)"
)

CONFIGURATION = (DEPLOY / "nginx" / "infohus.conf").read_text(encoding="utf-8")
OF_THE_WITNESS = (DEPLOY / "nginx" / "infohus-witness.conf").read_text(encoding="utf-8")
NAME = "infohus.example.dk"
CANARY = "kanariefugl"
CONCERNS = "/infohuse/00000000-0000-0000-0000-000000000001/concerns"
LARGEST = next(field.default for field in structs.fields(Settings) if field.name == "largest_request_bytes")
WRAPPER = """
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/logs/error.log crit;
{user}
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {folder}/temp/body;
    proxy_temp_path {folder}/temp/proxy;
    fastcgi_temp_path {folder}/temp/f;
    uwsgi_temp_path {folder}/temp/u;
    scgi_temp_path {folder}/temp/s;
    # As Debian's nginx.conf has it around us.
    sendfile on;
    tcp_nopush on;
    ssl_prefer_server_ciphers on;
    access_log {folder}/logs/access.log;
    error_log {folder}/logs/error.log;
    gzip on;
    include {folder}/infohus.conf;
}}
"""


@dataclass(frozen=True, slots=True)
class Proxy:
    """nginx on a port of loopback."""

    folder: Path
    port: int

    def context(self) -> ssl.SSLContext:
        """Trust the proxy's certificate and nothing else."""
        return ssl.create_default_context(cafile=str(self.folder / "fullchain.pem"))

    def client(self, *, context: ssl.SSLContext | None = None, source: str = "127.0.0.1") -> httpx.Client:
        """Give a client that calls from the address `source` of loopback."""
        transport = httpx.HTTPTransport(verify=context or self.context(), local_address=source)
        return httpx.Client(transport=transport, timeout=30)

    def call(self, path: str, *, method: str = "GET", name: str = NAME, **more: Any) -> httpx.Response:
        """Send a request under the proxy's name."""
        headers = {"Host": name, **more.pop("headers", {})}
        with self.client(context=more.pop("context", None), source=more.pop("source", "127.0.0.1")) as client:
            return client.request(
                method, f"https://127.0.0.1:{self.port}{path}", headers=headers,
                extensions={"sni_hostname": name}, **more,
            )

    def kept(self) -> str:
        """Give everything nginx has on disk but its configuration."""
        files = [file for place in ("logs", "temp") for file in (self.folder / place).rglob("*") if file.is_file()]
        return "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files)


def soon(found: Callable[[], list[str]]) -> list[str]:
    """Wait for lines that are written after the answer was sent."""
    until = time.monotonic() + 10
    while not (lines := found()) and time.monotonic() < until:
        time.sleep(0.02)
    return lines


def make_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    certificate = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(hours=1)).not_valid_after(now() + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "privkey.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def configure(folder: Path, text: str, *, port: int, upstream: int) -> None:
    """Write the configuration with this test's places for the real ones, each of which must be there."""
    listens, name, etc = (8115, NAME, "/etc/infohus")
    if text == OF_THE_WITNESS:
        listens, name, etc = (8125, "vidne.politi.example.dk", "/etc/infohus-witness")
    own = written_as(f"{etc}/proxy.conf").replace(f"server_name {name};", f"server_name {NAME};")
    (folder / "proxy.conf").write_text(own.replace(f"{etc}/tls/", f"{folder}/"), encoding="utf-8")
    for place, times, instead in (
        ("listen 443 ssl", 2, f"listen 127.0.0.1:{port} ssl"),
        (f"server 127.0.0.1:{listens};", 1, f"server 127.0.0.1:{upstream};"),
        (f"include {etc}/proxy.conf;", 1, f"include {folder}/proxy.conf;"),
        ("/var/log/nginx/", 2, f"{folder}/logs/"),
    ):
        assert text.count(place) == times, place
        text = text.replace(place, instead)
    (folder / "infohus.conf").write_text(text, encoding="utf-8")
    user = "user root root;" if Path("/proc/self").stat().st_uid == 0 else ""
    (folder / "nginx.conf").write_text(WRAPPER.format(folder=folder, user=user), encoding="utf-8")


@contextmanager
def proxy_to(upstream: int, folder: Path, configuration: str = CONFIGURATION) -> Iterator[Proxy]:
    """Run nginx in front of the port `upstream`."""
    for place in ("logs", "temp"):
        (folder / place).mkdir(parents=True)
    make_certificate(folder)
    proxy = Proxy(folder, free_port())
    configure(folder, configuration, port=proxy.port, upstream=upstream)
    command = [NGINX or "", "-p", str(folder), "-c", f"{folder}/nginx.conf", "-e", f"{folder}/logs/start.log"]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stderr
    assert "[warn]" not in tested.stderr, tested.stderr
    process = subprocess.Popen([*ENDS_WITH_US, *command, "-g", "daemon off;"])
    try:
        until = time.monotonic() + 30
        while True:
            try:
                proxy.call("/ready")
                break
            except httpx.ConnectError:
                assert process.poll() is None, proxy.kept()
                assert time.monotonic() < until
                time.sleep(0.05)
        yield proxy
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, DemoIssuers]]:
    """Serve the application."""
    folder = tmp_path_factory.mktemp("behind")
    with LocalPostgres.throwaway(folder / "postgres") as server:
        machine = Installation(folder / "files", folder / "shelf", server)
        machine.follow("database", "passwords", "contents")
        issuers = machine.issuers()
        machine.follow("settings")
        with machine.serving() as served:
            yield served, issuers


@pytest.fixture(scope="module")
def proxy(behind: tuple[Served, DemoIssuers], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with proxy_to(behind[0].port, tmp_path_factory.mktemp("proxy") / "nginx") as proxy:
        yield proxy


class WhenTheConfigurationIsRead:
    def test_it_takes_bodies_as_large_as_the_application_and_keeps_them_in_memory(self) -> None:
        sizes = dict(re.findall(r"(client_max_body_size|client_body_buffer_size) (\d+);", CONFIGURATION))
        assert sizes == {"client_max_body_size": str(LARGEST), "client_body_buffer_size": str(LARGEST)}

    def test_it_forwards_to_the_application_on_loopback_and_nowhere_else(self) -> None:
        assert re.findall(r"^\s+server ([^{;]+);", CONFIGURATION, re.MULTILINE) == ["127.0.0.1:8115"]
        assert set(re.findall(r"_pass ([^;]+);", CONFIGURATION)) == {"http://infohus"}

    def test_it_listens_nowhere_without_tls(self) -> None:
        listening = re.findall(r"^\s+listen ([^;]+);", CONFIGURATION, re.MULTILINE)
        assert [one for one in listening if "ssl" not in one.split()] == []


class WhenARequestComesThroughTheProxy:
    def test_it_reaches_the_application_and_the_answer_comes_back(
        self, proxy: Proxy, behind: tuple[Served, DemoIssuers]
    ) -> None:
        token = behind[1].token("kommune")
        assert proxy.call("/cases").status_code == 401
        assert proxy.call("/cases", headers={"Authorization": f"Bearer {token}"}).json()["items"] == []

    def test_its_answers_bind_browsers_to_tls_and_name_no_version(self, proxy: Proxy) -> None:
        for path, status in (("/health", 200), ("/cases", 401), ("/ready", 404)):
            answer = proxy.call(path)
            assert (answer.status_code, answer.headers["server"]) == (status, "nginx")
            assert answer.headers["strict-transport-security"] == "max-age=63072000"
            assert answer.headers["x-content-type-options"] == "nosniff"

    @pytest.mark.parametrize("given", ["1134ae84-4725-4597-8e02-b20260131aaa", "77777777-7777-7777-7777-777777777777"])
    def test_one_id_joins_the_callers_the_proxys_and_the_applications_lines(
        self, proxy: Proxy, behind: tuple[Served, DemoIssuers], given: str
    ) -> None:
        answer = proxy.call("/health", headers={"X-Correlation-Id": given})
        assert answer.headers["x-correlation-id"] == given
        log = behind[0].log
        (ours,) = soon(lambda: [line for line in log.read_text(encoding="utf-8").splitlines() if given in line])
        assert (json.loads(ours)["correlation_id"], json.loads(ours)["route"]) == (given, "/health")
        (logged,) = soon(lambda: [line for line in proxy.kept().splitlines() if line.endswith(given)])
        assert re.fullmatch(r"\S+ 127\.0\.0\.1 GET 200 \d+ [\d.]+ \S+", logged)

    @pytest.mark.rule(53)
    @pytest.mark.rule(28)
    @pytest.mark.parametrize(
        "given", [
            "010104-1234", "0101041234", "cpr.0101041234", "7" * 65, "kort", "to ord og to", "laerer.lund",
            "henvender-lund", "1134ae8447251597", "0101-01-1234",
        ],
    )
    def test_an_id_that_could_carry_something_else_is_replaced(
        self, proxy: Proxy, behind: tuple[Served, DemoIssuers], given: str
    ) -> None:
        answer = proxy.call("/health", headers={"X-Correlation-Id": given})
        made = answer.headers["x-correlation-id"]
        assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made)
        assert soon(lambda: re.findall(made, proxy.kept())) == [made]
        kept = {"proxy": proxy.kept(), "application": behind[0].log.read_text(encoding="utf-8")}
        assert all(kept.values())
        assert_nothing_leaked([given], kept)

    def test_a_body_is_taken_up_to_the_limit_and_not_a_byte_more(self, proxy: Proxy) -> None:
        statuses = [
            proxy.call(CONCERNS, method="POST", content=b"x" * size).status_code for size in (LARGEST, LARGEST + 1)
        ]
        assert statuses == [401, 413]  # the first was refused by the application, the second by the proxy

    def test_the_proxy_writes_down_nothing_that_a_caller_wrote(self, proxy: Proxy) -> None:
        requests: list[dict[str, Any]] = [
            {"path": f"/cases?purpose={CANARY}"},
            {"path": f"/{CANARY}"},
            {"path": CONCERNS, "method": "POST", "content": CANARY * 20_000},
            {"path": CONCERNS, "method": "POST", "content": CANARY * 200_000},
            {"path": "/health", "headers": {"Authorization": f"Bearer {CANARY}", "Cookie": CANARY, "Referer": CANARY}},
            {"path": "/health", "headers": {"User-Agent": CANARY, "X-Correlation-Id": f"{CANARY} {CANARY}"}},
            {"path": f"/ready?{CANARY}"},
            {"path": f"/cases?{CANARY * 5_000}"},
        ]
        answered = [proxy.call(**request).status_code for request in requests]
        assert answered == [401, 404, 401, 413, 200, 200, 404, 414]
        assert len(soon(lambda: re.findall(r" 414 ", proxy.kept()))) == 1  # it was written down …
        assert_nothing_leaked([CANARY], {"proxy": proxy.kept()})  # … without the caller's words

    def test_nothing_is_written_down_either_while_the_application_is_away(self, tmp_path: Path) -> None:
        with proxy_to(free_port(), tmp_path / "nginx") as alone:
            assert alone.call(f"/cases?{CANARY}", method="POST", content=CANARY).status_code == 502
            assert soon(lambda: re.findall(r" 502 ", alone.kept())) == [" 502 "]
            assert CANARY not in alone.kept()


class WhenACallerAsksTooOften:
    def test_it_is_turned_away_and_others_are_not(self, proxy: Proxy) -> None:
        with proxy.client(source="127.0.0.3") as script:
            address = f"https://127.0.0.1:{proxy.port}/no-such-address?{CANARY}"
            asked = [
                script.get(address, headers={"Host": NAME}, extensions={"sni_hostname": NAME}).status_code
                for _ in range(200)
            ]
        assert set(asked) == {404, 429}
        assert asked[:40] == [404] * 40
        assert proxy.call("/health", source="127.0.0.4").status_code == 200
        assert CANARY not in proxy.kept()


class WhenAWitnessStandsBehindItsProxy:
    def test_a_log_is_answered_and_a_body_that_is_not_whole_never_reaches_it(self, tmp_path: Path) -> None:
        with serving_witness(tmp_path) as witness, proxy_to(witness.port, tmp_path / "nginx", OF_THE_WITNESS) as proxy:
            answer = proxy.call("/add-checkpoint", method="POST", content=ASKED)
            assert [one.name for one in cosignatures_on(NOTE + answer.text, [witness.verifier])] == ["dpo.example"]
            again = proxy.call("/add-checkpoint", method="POST", content=ASKED)
            assert (again.status_code, again.text, again.headers["content-type"]) == (409, "1\n", "text/x.tlog.size")
            sizes = (LARGEST_BODY, LARGEST_BODY + 1)
            refused = [proxy.call("/add-checkpoint", method="POST", content=b"x" * size) for size in sizes]
            assert [one.status_code for one in refused] == [400, 413]  # by the witness, by the proxy
            assert [proxy.call(path).status_code for path in ("/", "/add-checkpoint")] == [404, 405]
            with pytest.raises(httpx.ConnectError):
                proxy.call("/add-checkpoint", name="another.example.dk")

    def test_a_caller_has_few_connections(self, tmp_path: Path) -> None:
        with proxy_to(free_port(), tmp_path / "nginx", OF_THE_WITNESS) as proxy, ExitStack() as held:
            half = b"POST /add-checkpoint HTTP/1.1\r\nHost: %s\r\nContent-Length: 9\r\n\r\n" % NAME.encode()
            for _ in range(8):
                connected = held.enter_context(socket.create_connection(("127.0.0.1", proxy.port)))
                slow = held.enter_context(proxy.context().wrap_socket(connected, server_hostname=NAME))
                slow.sendall(half)
            until = time.monotonic() + 5
            while (status := proxy.call("/add-checkpoint").status_code) != 429 and time.monotonic() < until:
                time.sleep(0.3)
            assert status == 429
            assert proxy.call("/add-checkpoint", source="127.0.0.5").status_code == 502  # there is no witness here


class WhenAConnectionIsMade:
    def test_tls_1_2_and_1_3_are_spoken(self, proxy: Proxy) -> None:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = proxy.context()
            context.minimum_version = context.maximum_version = version
            assert proxy.call("/health", context=context).status_code == 200

    def test_nothing_older_is(self, proxy: Proxy) -> None:
        context = proxy.context()
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Python warns of what we want refused
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(httpx.ConnectError):
            proxy.call("/health", context=context)

    @pytest.mark.parametrize("ciphers", ["AES256-GCM-SHA384", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA"])
    def test_no_cipher_without_forward_secrecy_or_authenticated_encryption(self, proxy: Proxy, ciphers: str) -> None:
        context = proxy.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(ciphers)
        with pytest.raises(httpx.ConnectError):
            proxy.call("/health", context=context)

    def test_another_name_gets_no_answer(self, proxy: Proxy) -> None:
        with pytest.raises(httpx.ConnectError):
            proxy.call("/health", name="another.example.dk")
