"""The API's documentation as one page, without scripts and without anything fetched from elsewhere.

So it works offline, and no third party learns who reads it. It shows what `api_description.py` describes, and adds
nothing to that.
"""

import base64
import hashlib
import json
from collections.abc import Iterable
from html import escape
from typing import Any

from litestar import Request, Router
from litestar.openapi.plugins import OpenAPIRenderPlugin

from infohus.danish import WORDS
from infohus.danish.access import roles_in_words
from infohus.danish.topics import TOPICS
from infohus.web.api_description import Document, problem_statuses, who_can

TITLE = "infohus: dokumentation af API'et"
_STYLE = """
:root { color-scheme: light dark; --edge: #8886; --soft: #8881; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1rem 1.25rem 4rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.5rem; } h3 { margin: 1.25rem 0 .25rem; font-size: 1rem; }
code, .method { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
nav ul { columns: 14rem; padding-left: 1.1rem; }
details { border: 1px solid var(--edge); border-radius: .3rem; margin: .4rem 0; }
summary { cursor: pointer; padding: .45rem .75rem; background: var(--soft); }
summary .says { float: right; opacity: .8; }
details > div { padding: .25rem .9rem .9rem; overflow-x: auto; }
.method { display: inline-block; min-width: 4.2rem; font-weight: 700; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--edge); }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
}
_LIMITS = {
    "format": "format", "pattern": "mønster", "minLength": "mindst tegn", "maxLength": "højst tegn",
    "minItems": "mindst antal", "maxItems": "højst antal", "minimum": "mindst", "maximum": "højst",
}


def documentation_router() -> Router:
    """Make the router of the page and the description, with headers that forbid the browser to load anything else."""
    return Router("/docs", route_handlers=[], include_in_schema=False, response_headers=HEADERS)


class DocumentationPage(OpenAPIRenderPlugin):
    """Renders the page at /docs."""

    def __init__(self) -> None:
        """Serve the page at the path of the router itself."""
        super().__init__(path="/")

    def render(self, request: Request[Any, Any, Any], openapi_schema: Document) -> bytes:  # noqa: ARG002
        """Render the description as HTML, UTF-8."""
        return page_of(openapi_schema).encode()


def page_of(document: Document) -> str:
    """Write the whole page."""
    title, info, tags = escape(TITLE), document["info"], [tag["name"] for tag in document["tags"]]
    links = "".join(f'<li><a href="#{escape(tag)}">{escape(TOPICS[tag])}</a></li>' for tag in tags)
    return "".join((
        f'<!doctype html><html lang="da"><head><meta charset="utf-8"><title>{title}</title>',
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head><body>',
        f"<h1>{title}</h1><p>Version {escape(info['version'])}. ",
        '<a href="/docs/openapi.json">Beskrivelsen som OpenAPI 3.1</a></p>',
        f'<p lang="en">{escape(info["description"])}</p>',
        f'<nav aria-label="Indhold"><ul>{links}<li><a href="#formater">Formater</a></li>',
        '<li><a href="#fejl">Fejl</a></li></ul></nav><main>',
        *(_section(document, tag) for tag in tags),
        '<h2 id="formater">Formater</h2>',
        *(_shape(name, schema) for name, schema in document["components"]["schemas"].items()),
        '<h2 id="fejl">Fejl</h2>', _problems(document), "</main></body></html>",
    ))


def _section(document: Document, tag: str) -> str:
    operations = [
        _operation(method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if tag in operation["tags"]
    ]
    return f'<h2 id="{escape(tag)}">{escape(TOPICS[tag])}</h2>{"".join(operations)}'


def _operation(method: str, path: str, operation: Document) -> str:
    body = operation.get("requestBody", {}).get("content", {})
    parameters = [
        (f"<code>{escape(parameter['name'])}</code>", escape(parameter["in"]), _type(parameter["schema"]),
         "ja" if parameter.get("required") else "nej", _english(parameter.get("description", "")))
        for parameter in operation.get("parameters", ())
    ]
    refused = problem_statuses(operation)
    answers = [
        (escape(status), _english(response["description"]), _content(response.get("content", {})),
         ", ".join(f"<code>{escape(header)}</code>" for header in response.get("headers", {})))
        for status, response in operation["responses"].items()
    ]
    roles, act = operation.get("x-roles", []), escape(operation.get("x-act", ""))
    access = f"Kræver et adgangsbevis. For {roles_in_words(roles)}." if operation["security"] else "Åben for alle."
    return "".join((
        f'<details id="{escape(operation["operationId"])}"><summary>',
        f'<span class="method">{escape(method.upper())}</span> <code>{escape(path)}</code>',
        f'<span class="says">{act or _english(operation["summary"])}</span></summary><div>',
        f"<p>{access}</p><p>{_english(operation['description'].removesuffix(who_can(roles)))}</p>",
        _table("Parametre", ("Navn", "Sted", "Type", "Skal med", "Betydning"), parameters),
        f"<h3>Indhold</h3><p>{_content(body)}</p>{_example(body)}" if body else "",
        _table("Svar", ("Status", "Betydning", "Indhold", "Felter i hovedet"), answers),
        f"<p>{len(refused)} af svarene er <a href='#fejl'>fejl</a>.</p></div></details>",
    ))


def _shape(name: str, schema: Document) -> str:
    wanted = schema.get("required", ())
    fields = [
        (f"<code>{escape(field)}</code>", _type(kind), "ja" if field in wanted else "nej")
        for field, kind in schema.get("properties", {}).items()
    ]
    strict = " Ukendte felter afvises." if schema.get("additionalProperties") is False else ""
    return "".join((
        f'<details id="{escape(_anchor(name))}"><summary>',
        f'<code>{escape(schema.get("title", name))}</code></summary><div>',
        f"<p>{_english(schema.get('description', ''))}{strict}</p>",
        f"<p>{_type(schema)}</p>" if "enum" in schema else "",
        _table("Felter", ("Navn", "Type", "Skal med"), fields), "</div></details>",
    ))


def _problems(document: Document) -> str:
    types = document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]
    rows = [
        (f'<a href="{escape(kind)}"><code>{escape(kind)}</code></a>', *(escape(text) for text in WORDS[slug]))
        for kind in types
        for slug in (kind.removeprefix("/problems/"),)
    ]
    return _table("", ("Type", "Titel", "Hvad man gør"), rows)


def _table(heading: str, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Write a table of cells that are HTML already; "" without rows."""
    written = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    if not written:
        return ""
    head = "".join(f'<th scope="col">{column}</th>' for column in columns)
    above = f"<h3>{heading}</h3>" if heading else ""
    return f"{above}<table><thead><tr>{head}</tr></thead><tbody>{written}</tbody></table>"


def _content(content: Document) -> str:
    return "<br>".join(f"<code>{escape(kind)}</code> {_type(one.get('schema', {}))}" for kind, one in content.items())


def _example(content: Document) -> str:
    written = [json.dumps(one["example"], ensure_ascii=False, indent=1) for one in content.values() if "example" in one]
    return "".join(f"<pre><code>{escape(text)}</code></pre>" for text in written)


def _type(schema: Document) -> str:
    """Say in a few words what a schema accepts."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f'<a href="#{escape(_anchor(name))}"><code>{escape(name)}</code></a>'
    for options in ("anyOf", "oneOf"):
        if options in schema:
            return " eller ".join(_type(option) for option in schema[options])
    if "enum" in schema:
        return ", ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    if "prefixItems" in schema:
        return f"[{', '.join(_type(item) for item in schema['prefixItems'])}]"
    if schema.get("type") == "array":
        return f"liste af {_type(schema['items'])}{_limits(schema)}"
    return f"{escape(str(schema.get('type', '')))}{_limits(schema)}"


def _limits(schema: Document) -> str:
    limits = [f"{word} {escape(str(schema[name]))}" for name, word in _LIMITS.items() if name in schema]
    return f" ({', '.join(limits)})" if limits else ""


def _anchor(name: str) -> str:
    return f"format-{name}"


def _english(text: str) -> str:
    return f'<span lang="en">{escape(text)}</span>' if text else ""
