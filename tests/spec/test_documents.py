"""The documents name every route, problem, event and limit of the code, no others, and their examples are right."""

import json
import re

import jsonschema_rs
import pytest

from spec.documents import METHODS, ROOT, OpenApi, load

API = OpenApi()
FEED = load("asyncapi.yaml")
# Routes of other programs than itn-api.
NOT_IN_ROUTES = {("get", "/api/updates/real-time")}


def source(name):
    return (ROOT / "src" / name).read_text()


def sources():
    return {path: path.read_text() for folder in ("src", "nginx") for path in (ROOT / folder).rglob("*")
            if path.is_file()}


def test_every_route_is_documented_and_no_other():
    text = source("api/routes.c")
    text = re.sub(r"\bCHANGE\b", "HTTP_PUT | HTTP_PATCH", text.split("#define CHANGE")[1].split("\n", 1)[1])
    rows = re.findall(r'\{ ([A-Z_| ]+), "([^"]+)", \w+, \w+ \}', text)
    assert len(rows) == text.count("{ HTTP_")
    routes = {(method[5:].lower(), re.sub(r":(\w+)(\{\w+\})?", r"{\1}", pattern))
              for methods, pattern in rows for method in methods.split(" | ")}
    assert routes | NOT_IN_ROUTES == {(method, path) for path, method in API.operations}


def test_every_problem_that_is_made_is_documented_and_no_other():
    rows = dict(re.findall(r'^PROBLEM\((\w+), *"([a-z-]+)"', source("http/problem.def"), re.M))
    text = "\n".join(text for path, text in sources().items() if path.name not in ("problem.def", "problem.h"))
    made = {code for name, code in rows.items()
            if re.search(rf"\b(PROBLEM|problem)_{name}\b|bad_request\(|/problems/{code};" if name == "BAD_REQUEST"
                         else rf"\b(PROBLEM|problem)_{name}\b|/problems/{code};", text)}
    documented = set(API.document["components"]["schemas"]["ProblemType"]["enum"])
    assert {f"/problems/{code}" for code in made} | {"about:blank"} == documented


def test_titles_of_problems_are_those_of_the_code():
    titles = {f"/problems/{code}": title for code, title in
              re.findall(r'^PROBLEM\(\w+, *"([a-z-]+)", *\d+, *"([^"]+)"', source("http/problem.def"), re.M)}
    for where, kind, _, value in API.examples():
        if kind == "application/problem+json" and value["type"] != "about:blank":
            assert value["title"] == titles[value["type"]], where


def test_every_event_that_is_logged_is_documented_and_no_other():
    names = dict(re.findall(r'\[(EVENT_\w+)\] = "(\w+)"', source("domain/event.c")))
    text = "\n".join(text for path, text in sources().items() if path.name not in ("event.c", "event.h"))
    logged = {name for kind, name in names.items() if re.search(rf"\b{kind}\b", text)}
    assert logged == set(API.document["components"]["schemas"]["Event"]["discriminator"]["mapping"])


def limits():
    """(where the document says it, what it says, what the code says)"""
    schemas, parameters = API.document["components"]["schemas"], API.document["components"]["parameters"]
    rules = {name: (int(low), int(high)) for name, low, high in
             re.findall(r"text_(\w+) = \{ \.min = (\d+), \.max = (\d+)", source("domain/field.c"))}
    numbers = {name: int(value) for name, value in
               re.findall(r"#define (\w+) +(?:INT64_C\()?(\d+)", source("domain/line.h") + source("api/list_query.c") +
                          source("api/waiter.h") + source("core/fault.h"))}
    settings = {key: int(value) for key, value in
                re.findall(r"CONFIG_UINT\((\w+), *\w+, *(\d+),", source("core/config.def"))}
    for schema, rule in (("Name", "name"), ("Key", "key"), ("Email", "email")):
        yield schema, (schemas[schema]["minLength"], schemas[schema]["maxLength"]), rules[rule]
    yield "reason", (0, schemas["TradeStatusChange"]["properties"]["reason"]["maxLength"]), rules["reason"]
    yield "Quantity", schemas["Quantity"]["oneOf"][0]["maximum"], numbers["QUANTITY_MAX"]
    yield "Count", schemas["Count"]["oneOf"][0]["maximum"], numbers["QUANTITY_MAX"]
    yield "Sum", schemas["Sum"]["maximum"], numbers["SUM_MAX"]
    yield "items", schemas["NewTrade"]["properties"]["items"]["maxItems"], numbers["LINES_MAX"]
    yield "counted items", schemas["NewStockTake"]["properties"]["items"]["maxItems"], numbers["LINES_MAX"]
    yield "limit", parameters["Limit"]["schema"]["maximum"], numbers["LIMIT_MAX"]
    yield "wait", f"at most {numbers['WAIT_MAX_S']}:" in parameters["Prefer"]["description"], True
    keys = re.search(r"#define IDEMPOTENCY_KEY_MAX (\d+)", source("api/idempotency.h"))[1]
    yield "Idempotency-Key", f"1 to {keys} visible" in parameters["IdempotencyKey"]["description"], True
    seconds = re.search(r"#define REQUEST_WAIT_S (\d+)", source("api/request.h"))[1]
    takes = API.document["paths"]["/api/inventory/{stationId}"]["put"]["description"]
    yield "stock-take", f"within {seconds} seconds" in " ".join(takes.split()), True
    yield "errors", f"at most {numbers['FAULTS_MAX']}" in schemas["Problem"]["properties"]["errors"]["description"], True
    body = API.document["components"]["responses"]["BodyTooLarge"]["content"]["application/problem+json"]
    yield "body", body["examples"]["large"]["value"]["detail"], f"the body must have at most {settings['body_max']} bytes"
    posts = API.document["paths"]["/api/trades"]["post"]["description"]
    yield "lines of a trade", f"more than {settings['trade_lines_limit']} lines" in posts, True
    posts = API.document["paths"]["/api/cargo"]["post"]["description"]
    yield "lines of cargo", f"more than {settings['cargo_lines_limit']} lines" in posts, True


@pytest.mark.parametrize("where, documented, coded", list(limits()), ids=lambda value: value if isinstance(value, str) else "")
def test_limits_are_those_of_the_code(where, documented, coded):
    assert documented == coded


BODIES = [("trade_from_request", "NewTrade"), ("trade_change_from_request", "TradeStatusChange"),
          ("cargo_from_request", "NewCargo"), ("cargo_change_from_request", "CargoStatusChange"),
          ("stock_take_from_request", "NewStockTake")]


@pytest.mark.parametrize("reader, schema", BODIES)
def test_bodies_have_the_members_that_are_read(reader, schema):
    text = source("domain/trade_request.c") + source("domain/cargo_request.c") + source("domain/stock_take.c")
    body = re.search(rf"^enum itn_status {reader}\(.*?^}}", text, re.S | re.M)[0]
    read = {name: "FIELD_REQUIRED" in rest or kind == "choice"
            for kind, name, rest in re.findall(r'field_(\w+)\(&body, "(\w+)"([^;]*?)\)[,;]', body)}
    documented = API.document["components"]["schemas"][schema]
    assert set(documented["properties"]) == set(read)
    assert sorted(documented["required"]) == sorted(name for name, required in read.items() if required)


def filters():
    text = source("api/list_query.c") + source("api/events.c")
    lists = {"/api/trades": "trade_parameters", "/api/getalltrades": "trade_parameters", "/api/cargo": "cargo_parameters",
             "/api/getallCargo": "cargo_parameters", "/api/inventory": "inventory_parameters",
             "/api/getinventory": "inventory_parameters", "/api/events": "parameters",
             "/api/inventory/{stationId}/movements": "movement_parameters", "/api/alerts": "alert_parameters"}
    for path, table in lists.items():
        names = re.search(rf"\b{table}\[\] = \{{(.*?)\}}", text, re.S)[1]
        yield path, re.findall(r'"(\w+)"', names)


@pytest.mark.parametrize("path, names", list(filters()), ids=lambda value: value if isinstance(value, str) else "")
def test_filters_are_those_of_the_code(path, names):
    documented = [API.at(parameter)["name"] for parameter in API.operation(path, "get")["parameters"]]
    assert sorted(documented) == sorted(names)


def test_every_answer_has_an_example():
    for path, method in API.operations:
        for status, (_, response) in API.responses(path, method).items():
            for kind, media in response.get("content", {}).items():
                assert media.get("examples"), f"{method} {path} {status} {kind}"
            headers = response.get("headers", {})
            assert all("example" in API.at(header) for header in headers.values()), f"{method} {path} {status}"


@pytest.mark.parametrize("where, kind, schema, value", list(API.examples()),
                         ids=[example[0] for example in API.examples()])
def test_examples_are_what_their_schemas_say(where, kind, schema, value):
    try:
        API.validator(schema).validate(value)
        for line in value.splitlines() if kind == "application/x-ndjson" else []:
            API.validator(API.line_schema(where)).validate(json.loads(line))
    except jsonschema_rs.ValidationError as fault:
        raise AssertionError(f"{where}\n{fault}") from None


def test_methods_are_known():
    for path, item in API.document["paths"].items():
        assert set(item) <= {*METHODS, "parameters"}, path


def test_the_feed_pushes_every_event_that_is_logged():
    messages = FEED["components"]["messages"]
    assert set(messages) == set(API.document["components"]["schemas"]["Event"]["discriminator"]["mapping"])
    channel = FEED["channels"]["realTime"]
    assert channel["address"] in API.document["paths"]
    assert channel["messages"] == {name: {"$ref": f"#/components/messages/{name}"} for name in messages}
    assert FEED["operations"]["sendEvents"]["messages"] == [
        {"$ref": f"#/channels/realTime/messages/{name}"} for name in messages]


@pytest.mark.parametrize("name", FEED["components"]["messages"])
def test_frames_are_those_of_the_log(name):
    message = FEED["components"]["messages"][name]
    document, schema = message["payload"]["$ref"].split("#")
    assert document == "openapi.yaml" and message["name"] == name
    assert message["examples"]
    for example in message["examples"]:
        assert example["payload"]["event"] == name
        API.validator({"$ref": "#" + schema}).validate(example["payload"])


def test_close_codes_are_those_of_the_gateway():
    """Its own, and those by which libwebsockets ends what is no WebSocket (tests/gateway/test_hostile.py)."""
    own = {int(code) for code in re.findall(r"CLOSE_\w+ = (\d{4})", source("gateway/session.h"))}
    assert {entry["code"] for entry in FEED["channels"]["realTime"]["x-close-codes"]} == own | {1002, 1007}


def test_limits_of_the_feed_are_those_of_the_code():
    settings = dict(re.findall(r"CONFIG_UINT\((\w+), *\w+, *(\d+),", source("core/config.def")))
    text = json.dumps(FEED)
    assert f"more than {settings['message_max']} bytes" in text
    assert f"There are {settings['clients_max']} connections" in text
    assert f"More than {settings['client_queue_max']} bytes" in text
    assert f"silent for {int(settings['ping_ms']) // 1000} seconds" in text
