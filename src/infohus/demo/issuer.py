"""Two identity providers for the demonstration, one per authority, in one small application on loopback.

DEMONSTRATION ONLY: whoever reaches it gets a token for any demo user, without a password. It refuses to
listen anywhere but on this machine, and refuses requests addressed to any other host name.
"""

import asyncio
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import msgspec
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar, Request, Response, get, post
from litestar.exceptions import ClientException, NotFoundException
from litestar.params import FromPath

from infohus.demo.keys import DemoKey
from infohus.demo.people import DEMO_PEOPLE, ISHOJ, KIND_OF_AUTHORITY, VESTEGNEN, DemoPerson
from infohus.kernel.identity.issuers import ROLES_OF_KIND, Clock, Issuer, fixed_keys, is_loopback, is_safe_address
from infohus.kernel.identity.strict_encoding import NotStrictlyEncoded, read_json_object
from infohus.kernel.identity.tokens import sign_token

WARNING = "KUN TIL DEMONSTRATION: udsteder adgangsbeviser til opdigtede personer uden adgangskode."
TOKEN_SECONDS = 8 * 60 * 60
LARGEST_REQUEST_BYTES = 4096

DEMO_ISSUERS = {"kommune": ISHOJ, "politi": VESTEGNEN}
"""The path of each demo issuer, and the one authority whose people it signs in."""


class UnknownDemoUser(LookupError):  # noqa: N818 - names the situation
    """No such person here, or the person belongs to the other issuer's authority."""


class DemoIssuerExposed(ValueError):  # noqa: N818 - names the situation
    """The demo issuer was asked to listen on, or to be reached at, another address than loopback."""


class DemoIssuers:
    """The two issuers and their keys; mints tokens with or without HTTP."""

    def __init__(self, keys: dict[str, DemoKey], clock: Clock, *, url: str, audience: str = "infohus") -> None:
        """Take one key for each name in `DEMO_ISSUERS`; `url` is where both are reached, without a last slash.

        Raises:
            DemoIssuerExposed: when `url` is not on loopback.
        """
        if not is_safe_address(url) or not is_loopback(urlsplit(url).hostname or ""):
            message = "the demo issuer answers on loopback only"
            raise DemoIssuerExposed(message)
        self._keys = {name: keys[name] for name in DEMO_ISSUERS}
        self._clock = clock
        self._url = url.rstrip("/")
        self._audience = audience

    def address(self, name: str) -> str:
        """Give the exact `iss` of the issuer called `name`."""
        return f"{self._url}/{name}"

    def token(self, user: str) -> str:
        """Mint a token for a demo user, from the issuer of the user's own authority; it holds for 8 hours.

        Raises:
            UnknownDemoUser: when nobody is called so.
        """
        person = _person(user)
        name = next(name for name, authority_id in DEMO_ISSUERS.items() if authority_id == person.authority_id)
        return self.token_from(name, user)

    def token_from(self, name: str, user: str) -> str:
        """Mint a token for one of the people of the issuer called `name`.

        Raises:
            UnknownDemoUser: also for the other authority's people.
        """
        person = _person(user)
        if DEMO_ISSUERS.get(name) != person.authority_id:
            raise UnknownDemoUser
        now = int(self._clock().timestamp())
        claims = {
            "iss": self.address(name),
            "sub": str(person.person_id),
            "aud": self._audience,
            "iat": now,
            "nbf": now,
            "exp": now + TOKEN_SECONDS,
            "auth_time": now,
            "jti": str(uuid4()),
            "role": person.role.value,
            "loa": person.loa,
            "name": person.name,
        }
        key = self._keys[name]
        return sign_token(key.private_pem, claims, kid=key.kid)

    def key_set(self, name: str) -> dict[str, list[dict[str, str]]]:
        """Publish the JWK Set of the issuer called `name`."""
        return {"keys": [self._keys[name].public_jwk]}

    def configuration(self, name: str) -> dict[str, object]:
        """Describe the issuer. Source: OpenID Connect Discovery 1.0, section 3."""
        address = self.address(name)
        return {
            "issuer": address,
            "jwks_uri": f"{address}/jwks",
            "token_endpoint": f"{address}/token",
            "id_token_signing_alg_values_supported": [self._keys[name].public_jwk["alg"]],
            "subject_types_supported": ["public"],
            "response_types_supported": ["token"],
            "warning": WARNING,
        }

    def trusted(self) -> tuple[Issuer, ...]:
        """Describe both as authentication trusts them, keys included, with every role their authority may give."""
        return tuple(
            Issuer(
                url=self.address(name),
                authority_id=authority,
                authority_kind=KIND_OF_AUTHORITY[authority],
                roles=ROLES_OF_KIND[KIND_OF_AUTHORITY[authority]],
                keys=fixed_keys(msgspec.json.encode(self.key_set(name)), self._clock),
            )
            for name, authority in DEMO_ISSUERS.items()
        )

    def issuers_toml(self) -> str:
        """Describe both as an issuers' file, with keys fetched from their addresses."""
        return "\n".join(
            f'[[issuer]]\nurl = "{issuer.url}"\nauthority = "{issuer.authority_id}"\nkind = "{issuer.authority_kind}"\n'
            f'roles = {sorted(role.value for role in issuer.roles)}\nkeys_url = "{issuer.url}/jwks"\n'
            for issuer in self.trusted()
        )


def create_demo_issuer(issuers: DemoIssuers) -> Litestar:
    """Build the application around `issuers`."""

    @get("/{name:str}/.well-known/openid-configuration", operation_id="DescribeDemoIssuer", sync_to_thread=False)
    def configuration(name: FromPath[str]) -> dict[str, object]:
        return issuers.configuration(_require_issuer(name))

    @get("/{name:str}/jwks", operation_id="PublishDemoKeys", sync_to_thread=False)
    def key_set(name: FromPath[str]) -> dict[str, list[dict[str, str]]]:
        return issuers.key_set(_require_issuer(name))

    @post("/{name:str}/token", operation_id="MintDemoToken", status_code=HTTPStatus.OK)
    async def token(name: FromPath[str], request: Request[Any, Any, Any]) -> Response[dict[str, object]]:
        user = _requested_user(request.content_type[0], await request.body())
        try:
            minted = issuers.token_from(_require_issuer(name), user)
        except UnknownDemoUser:
            raise NotFoundException(detail="Ukendt demobruger hos denne udsteder.") from None
        answer: dict[str, object] = {"access_token": minted, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}
        return Response(answer, headers={"cache-control": "no-store"})

    return Litestar(
        route_handlers=[configuration, key_set, token],
        before_request=_refuse_other_hosts,
        openapi_config=None,
        logging_config=None,
        request_max_body_size=LARGEST_REQUEST_BYTES,
    )


async def serve_demo_issuer(issuers: DemoIssuers, *, host: str, port: int) -> None:
    """Serve both issuers until cancelled.

    Raises:
        DemoIssuerExposed: when `host` is not this machine.
    """
    if not is_loopback(host):
        message = "the demo issuer listens on loopback only"
        raise DemoIssuerExposed(message)
    address = "127.0.0.1" if host == "localhost" else host
    server = Server(
        create_demo_issuer(issuers), address=address, port=port, interface=Interfaces.ASGI, log_enabled=False
    )
    serving = asyncio.ensure_future(server.serve())
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.stop()  # type: ignore[no-untyped-call]
        await serving
        raise


def _person(user: str) -> DemoPerson:
    try:
        return DEMO_PEOPLE[user]
    except KeyError:
        raise UnknownDemoUser from None


def _require_issuer(name: str) -> str:
    if name not in DEMO_ISSUERS:
        raise NotFoundException(detail="Ukendt udsteder.")
    return name


def _requested_user(content_type: str, body: bytes) -> str:
    try:
        if content_type == "application/json":
            user = read_json_object(body).get("user")
        else:
            (user,) = parse_qs(body.decode("ascii"), strict_parsing=True)["user"]
    except (NotStrictlyEncoded, KeyError, ValueError):
        user = None
    if not isinstance(user, str):
        raise ClientException(detail="Angiv user som formularfelt eller JSON.")
    return user


def _refuse_other_hosts(request: Request[Any, Any, Any]) -> None:
    """Refuse a page elsewhere that reaches us through a name of its own (DNS rebinding)."""
    if not is_loopback(urlsplit(f"//{request.headers.get('host', '')}").hostname or ""):
        raise ClientException(detail="Demoudstederen svarer kun på denne maskine.")
