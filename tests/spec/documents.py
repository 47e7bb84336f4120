"""The API's documents: what they say of a path, and whether an answer is what they say, to the member."""

import json
import re
from pathlib import Path
from urllib.parse import unquote

import jsonschema_rs
import yaml

ROOT = Path(__file__).resolve().parents[2]
METHODS = ("get", "put", "post", "patch", "delete")
JSON = ("application/json", "application/problem+json")
UNWRITTEN = {"server", "date", "connection", "content-type", "content-length", "transfer-encoding", "cache-control",
             "traceparent"}


def load(name):
    return yaml.safe_load((ROOT / "spec" / name).read_text())


def strict(schema):
    """The schema with nothing allowed that it does not name."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: strict(part) for key, part in schema.items() if key not in ("example", "examples")}
    if "properties" in schema and "additionalProperties" not in schema:
        closed["additionalProperties"] = False
    return closed


class OpenApi:
    """spec/openapi.yaml. `seen` fills with what check() has met: responses, headers, members, values."""

    def __init__(self):
        self.document = load("openapi.yaml")
        self.schemas = strict(self.document["components"]["schemas"])
        self.validators = {}
        self.seen = set()
        self.operations = [(path, method) for path, item in self.document["paths"].items()
                           for method in item if method in METHODS]

    def at(self, node):
        """The node, or what it refers to."""
        while "$ref" in node:
            where = self.document
            for part in node["$ref"][2:].split("/"):
                where = where[part]
            node = where
        return node

    def operation(self, path, method):
        return self.document["paths"][path][method]

    def responses(self, path, method):
        """{status: (name, response)}; the name is that of the component when it is one."""
        return {status: (node.get("$ref", f"{method} {path} {status}").split("/")[-1] if "$ref" in node else
                         f"{method} {path} {status}", self.at(node))
                for status, node in self.operation(path, method)["responses"].items()}

    def find_path(self, target):
        """The path that a request's target is of; the one with more literal segments before another."""
        given = target.split("?")[0].split("/")
        found = []
        for path in self.document["paths"]:
            parts = path.split("/")
            if len(parts) == len(given) and all(
                    part[0] == "{" and self.fits(path, part, value) if part.startswith("{") else part == value
                    for part, value in zip(parts, given)):
                found.append(path)
        return min(found, key=lambda path: path.count("{")) if found else None

    def fits(self, path, part, value):
        for parameter in map(self.at, self.document["paths"][path].get("parameters", [])):
            if parameter["in"] == "path" and parameter["name"] == part[1:-1]:
                pattern = self.at(parameter["schema"]).get("pattern", "")
                return bool(value) and re.search(pattern, unquote(value)) is not None
        raise AssertionError(f"{path} does not describe {part}")

    def validator(self, schema):
        key = repr(schema)
        if key not in self.validators:
            whole = {**strict(schema), "components": {"schemas": self.schemas}}
            self.validators[key] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        return self.validators[key]

    # An answer against the document

    def check(self, path, method, answer):
        """Fails when anything in the answer to a request of this operation is not in the document."""
        responses = self.responses(path, method)
        status = str(answer.status)
        where = f"{method.upper()} {path}: {answer!r}"
        assert status in responses or f"{status[0]}XX" in responses, f"{status} is not documented: {where}"
        name, response = responses.get(status) or responses[f"{status[0]}XX"]
        self.seen.add(("response", name))
        self.seen.add(("status", path, method, status if status in responses else f"{status[0]}XX"))
        self.check_headers(response, answer, where)
        if answer.body:
            self.check_body(name, response, answer, where)

    def check_headers(self, response, answer, where):
        known = {header.lower(): self.at(node) for header, node in response.get("headers", {}).items()}
        given = {field.lower(): value for field, value in answer.fields}
        for header, value in given.items():
            assert header in known or header in UNWRITTEN, f"the header {header} is not documented: {where}"
            if header in known:
                self.validator(known[header]["schema"]).validate(value)
                self.seen.add(("header", header))
        for header, node in known.items():
            assert header in given or not node.get("required"), f"the header {header} is missing: {where}"

    def check_body(self, name, response, answer, where):
        kind = answer.field("Content-Type").split(";")[0]
        assert kind in response.get("content", {}), f"{kind} is not documented: {where}"
        self.seen.add(("media", name, kind))
        schema = response["content"][kind]["schema"]
        if kind in JSON:
            self.check_value(name, schema, answer.json(), where)
        elif kind == "application/x-ndjson":
            for line in answer.body.splitlines():
                self.check_value(name, response["content"][JSON[0]]["schema"]["items"], json.loads(line), where)
        elif kind == "text/csv":
            entry = self.at(response["content"][JSON[0]]["schema"]["items"])
            entry = {name: part for branch in entry.get("oneOf", [entry]) for name, part in self.at(branch)["properties"].items()}
            if name == "Inventories":  # a line for each item
                entry = {"stationId": entry["stationId"], **self.at(entry["items"]["items"])["properties"]}
            columns = answer.body.decode().splitlines()[0].split(",")
            assert set(entry) - {"_id"} <= set(columns), f"members that are no column: {where}"

    def check_value(self, name, schema, value, where):
        try:
            self.validator(schema).validate(value)
        except jsonschema_rs.ValidationError as fault:
            raise AssertionError(f"{where}\n{fault}") from None
        self.mark(name, schema, value)

    # What there is to see, and what was seen

    def branches(self, schema, value):
        return [branch for branch in schema.get("oneOf", []) if self.validator(branch).is_valid(value)]

    def mark(self, place, schema, value):
        if "$ref" in schema:
            place = schema["$ref"].split("/")[-1]
        schema = self.at(schema)
        if "enum" in schema:
            self.seen.add(("value", place, value))
        for branch in self.branches(schema, value):
            self.mark(place, branch, value)
        if isinstance(value, list) and "items" in schema:
            for entry in value:
                self.mark(place, schema["items"], entry)
        if isinstance(value, dict):
            for member, part in schema.get("properties", {}).items():
                if member in value:
                    self.seen.add(("member", place, member))
                    self.mark(f"{place}.{member}", part, value[member])

    def promised(self):
        """Everything that answers can have."""
        found = set()
        for path, method in self.operations:
            for status, (name, response) in self.responses(path, method).items():
                found |= {("status", path, method, status), ("response", name)}
                found |= {("header", header.lower()) for header in response.get("headers", {})}
                for kind, media in response.get("content", {}).items():
                    found.add(("media", name, kind))
                    if kind in JSON:
                        self.collect(name, media["schema"], found)
        return found

    def collect(self, place, schema, found, inside=()):
        if "$ref" in schema:
            place = schema["$ref"].split("/")[-1]
            if place in inside:
                return
            inside = (*inside, place)
        schema = self.at(schema)
        found |= {("value", place, value) for value in schema.get("enum", [])}
        for branch in schema.get("oneOf", []):
            self.collect(place, branch, found, inside)
        if "items" in schema:
            self.collect(place, schema["items"], found, inside)
        for member, part in schema.get("properties", {}).items():
            found.add(("member", place, member))
            self.collect(f"{place}.{member}", part, found, inside)

    # Examples

    def contents(self):
        """{name: content} of every request body and every answer, a component's once."""
        found = {}
        for path, method in self.operations:
            body = self.operation(path, method).get("requestBody")
            if body:
                name = body["$ref"].split("/")[-1] if "$ref" in body else f"{method} {path}"
                found[name] = self.at(body)["content"]
            for name, response in self.responses(path, method).values():
                found[name] = response.get("content", {})
        return found

    def examples(self):
        """(where, media type, schema, value) of every example of a body."""
        return [(f"{name} {kind} {example}", kind, media["schema"], self.at(node)["value"])
                for name, content in self.contents().items() for kind, media in content.items()
                for example, node in media["examples"].items()]

    def line_schema(self, where):
        """What one line of an NDJSON answer is: an entry of the JSON answer."""
        name = where.split(" application/")[0]
        return self.contents()[name]["application/json"]["schema"]["items"]
