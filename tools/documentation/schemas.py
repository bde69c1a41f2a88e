"""Pages of the published JSON Schemas: every object as a table, and the file itself to download."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.documentation.facts import description_of
from tools.documentation.markdown import code, prose, table

INDEX = "schemas/index.md"
_SUFFIX = ".schema.json"


def files(docs: Path) -> list[Path]:
    """The schemas that are published, by name."""
    return sorted(docs.glob(f"reference/*{_SUFFIX}"))


def path_of(file: Path) -> str:
    """Path of a schema's page."""
    return f"schemas/{file.name.removesuffix(_SUFFIX)}.md"


def pages(docs: Path) -> Iterator[tuple[str, str]]:
    """Every page about schemas: path and Markdown."""
    found = files(docs)
    for file in found:
        yield path_of(file), page(file.name, json.loads(file.read_text(encoding="utf-8")))
    rows = ((f"[{file.name}]({Path(path_of(file)).name})", _download(file.name)) for file in found)
    entries = "\n".join(Path(path_of(file)).stem for file in found)
    yield (
        INDEX,
        "# JSON Schemas\n\nWithin a version, fields are only added.\n\n"
        f"{table(('Schema', 'File'), rows)}\n```{{toctree}}\n:hidden:\n\n{entries}\n```\n",
    )


def _download(name: str) -> str:
    return f"{{download}}`{name} </reference/{name}>`"


def page(name: str, schema: dict[str, Any]) -> str:
    """One schema: its whole first, then the parts by name."""
    parts = [f"# {code(name)}\n\n{_words(schema)}To download: {_download(name)}\n"]
    top = str(schema.get("$ref", "")).rpartition("/")[2]
    definitions: dict[str, Any] = schema.get("$defs", {})
    if "properties" in schema:
        parts.append(_fields(schema))
    for part in sorted(definitions, key=lambda part: (part != top, part)):
        parts.append(f"(schema-{_slug(name, part)})=\n## {part}\n\n{_words(definitions[part])}")
        parts.append(_body(definitions[part], name))
    return "\n".join(parts)


def _slug(name: str, part: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", f"{name.removesuffix(_SUFFIX)}-{part}".lower())


def _words(schema: dict[str, Any]) -> str:
    text, _ = description_of(schema.get("description", ""))
    return "".join(f"{prose(' '.join(part.split()))}\n\n" for part in text.split("\n\n") if part)


def _body(schema: dict[str, Any], name: str) -> str:
    if "enum" in schema:
        return "One of " + ", ".join(code(json.dumps(value)) for value in schema["enum"]) + ".\n"
    return _fields(schema, name) if "properties" in schema else f"{_form(schema, name)}\n"


def _fields(schema: dict[str, Any], name: str = "") -> str:
    _, words = description_of(schema.get("description", ""))
    required = set(schema.get("required", ()))
    rows = (
        (
            code(field),
            _form(form, name),
            "always" if field in required else _default(form),
            prose(form.get("description", "") or words.get(field, "")),
        )
        for field, form in schema["properties"].items()
    )
    return table(("Field", "Form", "Default", "What it holds"), rows)


def _default(form: dict[str, Any]) -> str:
    return code(json.dumps(form["default"])) if "default" in form else ""


def _form(form: dict[str, Any], name: str) -> str:
    """What may stand there, in words."""
    if "$ref" in form:
        part = form["$ref"].rpartition("/")[2]
        return f"[{part}](#schema-{_slug(name, part)})"
    for several in ("anyOf", "oneOf"):
        if several in form:
            return " or ".join(_form(one, name) for one in form[several])
    if "const" in form:
        return code(json.dumps(form["const"]))
    if "enum" in form:
        return " or ".join(code(json.dumps(value)) for value in form["enum"])
    kind = form.get("type", "anything")
    if kind == "array":
        return f"list of {_form(form.get('items', {}) or {}, name)}"
    if kind == "object" and isinstance(form.get("additionalProperties"), dict):
        return f"object of {_form(form['additionalProperties'], name)}"
    words = kind if isinstance(kind, str) else " or ".join(kind)
    return f"{words} ({form['format']})" if "format" in form else words
