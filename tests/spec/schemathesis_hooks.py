"""What schemathesis must know of valid requests that JSON Schema can't say; see schemathesis.toml."""

import schemathesis
from schemathesis import GenerationMode


@schemathesis.hook
def before_call(context, case, **kwargs):
    # It takes ids that it has seen, of any alphabet, for an X-Request-Id too; HTTP has no way to send those.
    for name, value in list((case.headers or {}).items()):
        if not str(value).isascii():
            del case.headers[name]
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    # A page's beginning is opaque: only a Link has a valid one.
    if case.operation.path != "/api/events" and case.query:
        case.query.pop("after", None)
    # A stock-take names each item once.
    if case.operation.path == "/api/inventory/{stationId}" and isinstance(case.body, dict):
        case.body["items"] = list({item["name"]: item for item in case.body["items"]}.values())
    # A capacity is not less than what the own lines need.
    if case.operation.path == "/api/cargo" and isinstance(case.body, dict) and case.body.get("capacity"):
        needed = sum(int(line["quantity"]) for line in case.body.get("items") or [])
        case.body["capacity"] = max(int(case.body["capacity"]), needed)


@schemathesis.deserializer("text/csv", "application/x-ndjson")
def as_text(context, response):
    return response.content.decode()
