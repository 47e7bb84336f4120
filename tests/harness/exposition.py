"""A strict reader of Prometheus' text format 0.0.4: what the format, or its conventions, do not allow is an error."""

import re
from collections import defaultdict

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r"([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\n]|\\[\"\\n])*)\"")
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?$|[+-]?Inf$|NaN$")
HELP = re.compile(r"(?:[^\\\n]|\\[\\n])+")
ESCAPE = re.compile(r"\\(.)")


class Metrics:
    """One scrape. value("itn_x_total", process="itn-api-1") is the one series that has these labels."""

    def __init__(self, types):
        self.types = types   # {name: type}
        self.series = {}     # {(name, frozenset of labels): value}

    def all(self, name, **labels):
        """[(labels, value)] of the series with these labels, perhaps among others."""
        wanted = set(labels.items())
        return [(dict(have), value) for (series, have), value in self.series.items()
                if series == name and wanted <= have]

    def value(self, name, **labels):
        found = self.all(name, **labels)
        assert len(found) <= 1, f"{name} with {labels} is {len(found)} series"
        return found[0][1] if found else None

    def sum(self, name, **labels):
        return sum(value for _, value in self.all(name, **labels))

    def processes(self):
        return sorted(labels["process"] for labels, _ in self.all("itn_build_info"))


def _unescape(text):
    return ESCAPE.sub(lambda match: {"n": "\n"}.get(match[1], match[1]), text)


def _read_labels(text, line):
    labels, at = {}, 0
    while at < len(text):
        found = LABEL.match(text, at)
        assert found, f"labels can't be read: {line!r}"
        assert found[1] not in labels, f"a label is there twice: {line!r}"
        labels[found[1]] = _unescape(found[2])
        at = found.end()
        if at < len(text):
            assert text[at] == "," and at + 1 < len(text), f"labels can't be read: {line!r}"
            at += 1
    return labels


def _read_sample(line):
    name = NAME.match(line)
    assert name, f"no name: {line!r}"
    rest, labels = line[name.end():], {}
    if rest.startswith("{"):
        end = rest.rindex("}")
        labels = _read_labels(rest[1:end], line)
        rest = rest[end + 1:]
    assert rest.startswith(" ") and NUMBER.match(rest[1:]), f"no value: {line!r}"
    return name[0], labels, float(rest[1:].replace("Inf", "inf"))


def _family_of(name, family, kind):
    """Whether a sample of this name belongs to the family."""
    if kind == "histogram":
        return name in (f"{family}_bucket", f"{family}_sum", f"{family}_count")
    return name == family


def _check_name(family, kind):
    assert (kind == "counter") == family.endswith("_total"), f"{family} is a {kind}"
    assert not family.endswith(("_bucket", "_sum", "_count")), f"{family} ends as a part of a histogram does"


def _bound(text):
    return float("inf") if text == "+Inf" else float(text)


def _check_histogram(metrics, family):
    buckets = defaultdict(list)
    for labels, value in metrics.all(f"{family}_bucket"):
        bound = labels.pop("le")
        buckets[frozenset(labels.items())].append((_bound(bound), value))
    for name in (f"{family}_sum", f"{family}_count"):
        assert {frozenset(labels.items()) for labels, _ in metrics.all(name)} == set(buckets), f"{name} is not of each series"
    for labels, series in buckets.items():
        bounds = [bound for bound, _ in series]
        counts = [count for _, count in series]
        assert bounds == sorted(set(bounds)) and bounds[-1] == float("inf"), f"{family} {dict(labels)}: bounds {bounds}"
        assert counts == sorted(counts), f"{family} {dict(labels)}: counts are not cumulative: {counts}"
        assert metrics.value(f"{family}_count", **dict(labels)) == counts[-1], f"{family} {dict(labels)}: count is not +Inf's"


def _check_values(metrics, family, kind):
    for (name, labels), value in metrics.series.items():
        if not _family_of(name, family, kind):
            continue
        assert value == value, f"{name} {dict(labels)} is no number"
        if kind != "gauge":
            assert value >= 0, f"{name} {dict(labels)} is {value}"


def parse(text):
    """The scrape; fails on what is not exactly as it should be."""
    assert text.endswith("\n"), "the last line has no end"
    metrics, family, kind, helped = Metrics({}), None, None, None
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            name, _, words = line[7:].partition(" ")
            assert NAME.fullmatch(name) and HELP.fullmatch(words), f"HELP: {line!r}"
            assert name not in metrics.types, f"{name} is in two places"
            helped = name
        elif line.startswith("# TYPE "):
            family, _, kind = line[7:].partition(" ")
            assert family == helped, f"TYPE without its HELP before it: {line!r}"
            assert kind in ("counter", "gauge", "histogram"), f"TYPE: {line!r}"
            _check_name(family, kind)
            metrics.types[family] = kind
        else:
            name, labels, value = _read_sample(line)
            assert family and _family_of(name, family, kind), f"{line!r} is not below its TYPE"
            key = (name, frozenset(labels.items()))
            assert key not in metrics.series, f"twice: {line!r}"
            metrics.series[key] = value
    for family, kind in metrics.types.items():
        _check_values(metrics, family, kind)
        if kind == "histogram":
            _check_histogram(metrics, family)
    return metrics


def scrape(stack):
    """GET /metrics of a stack."""
    answer = stack.get("/metrics")
    assert answer.status == 200, answer
    assert answer.field("Content-Type") == CONTENT_TYPE, answer.fields
    return parse(answer.body.decode("utf-8"))
