"""Tell the story on the screen as it happens, and as Markdown afterwards; and the actors who send its requests."""

import sys
from dataclasses import dataclass, field
from typing import Any

import httpx
from rich.console import Console

from infohus.demo.issuer import DemoIssuers
from infohus.demo.people import DEMO_PEOPLE


class StepFailed(Exception):  # noqa: N818 - names the situation
    """A step of the story did not go as it must; the text names the step and what happened."""


@dataclass
class Teller:
    """Prints the story, and keeps its lines for the Markdown. Colours in a terminal, plain lines elsewhere."""

    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))
    lines: list[str] = field(default_factory=list)
    step: str = ""

    def title(self, text: str) -> None:
        """Write the title of the story."""
        self.console.print(f"\n[bold]{text}[/bold]")
        self.lines.append(f"# {text}\n")

    def begin(self, step: str) -> None:
        """Begin a step."""
        self.step = step
        self.console.print(f"\n[bold cyan]{step}[/bold cyan]")
        self.lines.append(f"\n## {step}\n")

    def say(self, text: str) -> None:
        """Tell what happened."""
        self.console.print(f"  {text}", markup=False)
        self.lines.append(f"- {text}")

    def shown(self, text: str) -> None:
        """Quote what the system answered."""
        self.console.print(f"  » {text}", style="green", markup=False)
        self.lines.append(f"  > {text}")

    def expect(self, is_so: object, otherwise: str) -> None:
        """Stop the story with the text `otherwise` unless `is_so` holds.

        Raises:
            StepFailed: naming the step.
        """
        if not is_so:
            message = f"{self.step}: {otherwise}"
            raise StepFailed(message)

    def markdown(self) -> str:
        """Give the whole story as Markdown."""
        return "\n".join(self.lines) + "\n"


@dataclass(eq=False)
class Actor:
    """A signed-in demo user with an HTTP client. Each call states the status it expects."""

    name: str
    teller: Teller
    http: httpx.Client

    @classmethod
    def signed_in(cls, name: str, *, teller: Teller, issuers: DemoIssuers, address: str) -> "Actor":
        """Sign a demo user in with a token from their own authority's issuer."""
        headers = {"Authorization": f"Bearer {issuers.token(name)}"}
        return cls(name, teller, httpx.Client(base_url=address, headers=headers, timeout=30, trust_env=False))

    @property
    def who(self) -> str:
        """Name, and the Danish title in parentheses."""
        person = DEMO_PEOPLE[self.name]
        return f"{person.name} ({person.title})"

    @property
    def first_name(self) -> str:
        """The first of the person's names."""
        return DEMO_PEOPLE[self.name].name.split()[0]

    def ask(self, method: str, path: str, *, status: int, body: Any = None, **headers: str) -> Any:  # noqa: ANN401
        """Send a request and give what came back.

        Raises:
            StepFailed: another status than expected.
        """
        answer = self.http.request(method, path, json=body, headers={name.replace("_", "-"): value
                                                                     for name, value in headers.items()})
        self.teller.expect(
            answer.status_code == status,
            f"{self.who} fik {answer.status_code} i stedet for {status} på {method} {path}: {answer.text[:300]}",
        )
        if answer.headers.get("content-type", "").startswith("application/x-tar"):
            return answer.content
        return answer.json() if answer.content else None

    def get(self, path: str, *, status: int = 200) -> Any:  # noqa: ANN401
        """Send GET, and give what came back."""
        return self.ask("GET", path, status=status)

    def post(self, path: str, body: Any = None, *, status: int = 201) -> Any:  # noqa: ANN401
        """Send POST, and give what came back."""
        return self.ask("POST", path, status=status, body=body)


def is_terminal() -> bool:
    """Say whether the output goes to a terminal."""
    return sys.stdout.isatty()
