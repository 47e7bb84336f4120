"""The reader that the other tests rely on refuses what the format does not allow."""

import pytest

from harness.exposition import parse

GOOD = ('# HELP a_total Said "so" \\\\ \\n\n# TYPE a_total counter\na_total{x="1",y="q\\"\\\\\\n"} 5\na_total 0.5\n'
        '# HELP h_seconds h\n# TYPE h_seconds histogram\n'
        'h_seconds_bucket{le="0.1"} 1\nh_seconds_bucket{le="+Inf"} 3\nh_seconds_sum 2.5\nh_seconds_count 3\n')

BAD = {
    "no end of line": GOOD[:-1],
    "an empty line": GOOD + "\n",
    "a comment of no kind": GOOD + "# hello\n",
    "TYPE without HELP": "# TYPE a_total counter\na_total 1\n",
    "a value without TYPE": "a_total 1\n",
    "another metric below a TYPE": GOOD.replace("\na_total 0.5", "\nb_total 0.5"),
    "a metric in two places": GOOD + "# HELP a_total again\n# TYPE a_total counter\na_total 1\n",
    "a series twice": GOOD.replace("a_total 0.5", 'a_total{y="q\\"\\\\\\n",x="1"} 5'),
    "a label twice": GOOD.replace('y="q', 'x="q'),
    "an unknown escape": GOOD.replace('y="q', 'y="\\t'),
    "a quote in a label": GOOD.replace('y="q', 'y="q"q'),
    "a comma too many": GOOD.replace('x="1",', 'x="1",,'),
    "a comma at the end": GOOD.replace('\\n"} 5', '\\n",} 5'),
    "a name that is none": GOOD.replace("\na_total 0.5", "\n0a_total 0.5"),
    "a value that is none": GOOD.replace(" 0.5", " 0.5s"),
    "two blanks": GOOD.replace(" 0.5", "  0.5"),
    "a counter without _total": "# HELP a a\n# TYPE a counter\na 1\n",
    "a gauge with _total": "# HELP a_total a\n# TYPE a_total gauge\na_total 1\n",
    "a counter below zero": GOOD.replace(" 0.5", " -0.5"),
    "an unknown type": GOOD.replace(" counter\n", " number\n"),
    "counts that fall": GOOD.replace('le="0.1"} 1', 'le="0.1"} 4'),
    "no +Inf": GOOD.replace('h_seconds_bucket{le="+Inf"} 3\n', ""),
    "bounds out of order": GOOD.replace('h_seconds_bucket{le="0.1"} 1\nh_seconds_bucket{le="+Inf"} 3',
                                        'h_seconds_bucket{le="+Inf"} 3\nh_seconds_bucket{le="0.1"} 1'),
    "a count that is not +Inf's": GOOD.replace("h_seconds_count 3", "h_seconds_count 2"),
    "no sum": GOOD.replace("h_seconds_sum 2.5\n", ""),
    "not a number": GOOD.replace("h_seconds_sum 2.5", "h_seconds_sum NaN"),
}


def test_what_is_right_is_read():
    metrics = parse(GOOD)
    assert metrics.types == {"a_total": "counter", "h_seconds": "histogram"}
    assert metrics.value("a_total", x="1", y='q"\\\n') == 5
    assert metrics.value("h_seconds_bucket", le="0.1") == 1


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_refused(name):
    assert BAD[name] != GOOD
    with pytest.raises(AssertionError):
        parse(BAD[name])
