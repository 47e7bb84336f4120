"""Bodies to send, and what answers must look like."""

import itertools

numbers = itertools.count(1)


def a_trade(**members):
    return {"buyer": "Ada", "buyerEmail": "ada@example.org", "seller": "Bo", "sellerEmail": "bo@example.org",
            "items": [{"name": "iron", "quantity": 10}], "destination": "Vega", **members}


def a_cargo(**members):
    return {"shipmentId": f"S-{next(numbers)}", "emailId": "ops@example.org", "destination": f"Port {next(numbers)}",
            "items": [], **members}


def a_stock_take(**items):
    """What was counted: tea=3, or tea=(3, 5) with its reorderLevel."""
    counted = {name: value if isinstance(value, tuple) else (value,) for name, value in items.items()}
    return {"items": [{"name": name, **dict(zip(("quantity", "reorderLevel"), value))}
                      for name, value in counted.items()]}


def created(answer):
    assert answer.status == 201, answer
    return answer.json()


def problem(answer, status, pointers=None):
    """The problem document of an answer; `pointers`: of all faults, in order."""
    assert answer.status == status, answer
    assert answer.field("Content-Type") == "application/problem+json"
    document = answer.json()
    assert document["status"] == status
    assert document["error"] and document["title"] and document["type"].startswith("/problems/")
    assert document["requestId"] == answer.field("X-Request-Id")
    assert (status == 404) == ("message" in document)
    if pointers is not None:
        assert [fault["pointer"] for fault in document.get("errors", [])] == pointers
    return document
