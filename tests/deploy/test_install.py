"""What `make install` puts where, and what systemd says of it."""

import os
import re
import subprocess

import pytest

from deploy.deployment import BUILD, Installed
from harness.stack import ROOT

SERVICES = ["itn-api@.service", "itn-engine.service", "itn-gateway@.service"]
OWNED_BY_UNITS = {"ITN_API_LISTEN", "ITN_GATEWAY_LISTEN", "ITN_SOCKET_MODE", "ITN_INSTANCE", "ITN_METRICS_DIR"}


def systemd_analyze(installed, *arguments):
    return subprocess.run(["systemd-analyze", "--no-pager", *arguments], capture_output=True, text=True, timeout=60,
                          env=os.environ | {"SYSTEMD_UNIT_PATH": f"{installed.units}:", "SYSTEMD_COLORS": "0"})


@pytest.mark.parametrize("unit", ["itn.target", "itn-api@1.socket", "itn-api@1.service", "itn-engine.service",
                                  "itn-gateway@1.service"])
def test_systemd_has_nothing_against_a_unit(installed, unit):
    done = systemd_analyze(installed, "verify", "--man=no", unit)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("unit", SERVICES)
def test_a_service_may_do_little(installed, unit):
    done = systemd_analyze(installed, "security", "--offline=true", str(installed.units / unit))
    exposure = float(re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)[1])
    assert exposure <= 1.5, done.stdout


@pytest.mark.parametrize("unit", SERVICES)
def test_a_service_stops_after_its_drain(installed, unit):
    """TimeoutStopSec= is longer than the default of ITN_DRAIN_MS."""
    text = (installed.units / unit).read_text()
    drain = re.search(r"^#ITN_DRAIN_MS=(\d+)", installed.settings.read_text(), re.MULTILINE)[1]
    assert int(re.search(r"^TimeoutStopSec=(\d+)s", text, re.MULTILINE)[1]) >= int(drain) / 1000 + 5


def test_no_place_is_left_open(installed):
    for path in [*installed.units.iterdir(), installed.nginx / "sites-available/itn",
                 installed.prefix / "lib/tmpfiles.d/itn.conf", installed.prefix / "lib/sysusers.d/itn.conf"]:
        assert not re.search(r"@\w+@", path.read_text()), path


def test_the_account_and_the_folder_can_be_made(installed, tmp_path):
    (tmp_path / "etc").mkdir()
    subprocess.run(["systemd-sysusers", f"--root={tmp_path}", "--replace=/usr/lib/sysusers.d/itn.conf",
                    installed.prefix / "lib/sysusers.d/itn.conf"], check=True, capture_output=True, timeout=60)
    assert re.search(r"^itn:.*:/usr/sbin/nologin$", (tmp_path / "etc/passwd").read_text(), re.MULTILINE)
    assert re.search(r"^itn:.*:www-data$", (tmp_path / "etc/group").read_text(), re.MULTILINE)
    rule = (installed.prefix / "lib/tmpfiles.d/itn.conf").read_text()
    assert f"d {installed.prefix}/run/itn 0750 itn itn -" in rule.splitlines()


def test_every_setting_is_in_the_sample(installed):
    rows = set(re.findall(r"^CONFIG_\w+ *\([^,]*, *(ITN_\w+)", (ROOT / "src/core/config.def").read_text(), re.MULTILINE))
    sample = set(re.findall(r"^#?(ITN_\w+)=", installed.settings.read_text(), re.MULTILINE))
    assert sample == rows - OWNED_BY_UNITS
    assert installed.settings.stat().st_mode & 0o777 == 0o640


def test_the_sample_of_settings_is_accepted(installed):
    """Also with each default set."""
    lines = re.findall(r"^#?(ITN_\w+)=(.*)", installed.settings.read_text(), re.MULTILINE)
    for program in "itn-api", "itn-engine", "itn-gateway":
        done = subprocess.run([installed.prefix / "sbin" / program, "--check-config"], timeout=60,
                              env={**dict(lines), "MONGOC_DISABLE_SHM": "1"}, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")


def test_an_upgrade_leaves_alone_what_is_filled_in():
    installed = Installed()
    try:
        site = installed.nginx / "sites-available/itn"
        for own in installed.settings, site:
            own.write_text(own.read_text() + "# mine\n")
        installed.install()
        assert installed.settings.read_text().endswith("# mine\n") and site.read_text().endswith("# mine\n")
        installed.uninstall()
        assert installed.files() == ["etc/itn/itn.env", "etc/nginx/sites-available/itn"]
    finally:
        installed.close()


def test_uninstall_leaves_nothing():
    installed = Installed()
    installed.uninstall()
    assert installed.files() == []
    installed.close()


def test_the_tarball_has_every_file(tmp_path):
    """What is in the repository is in the distribution, but for what git alone needs."""
    known = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if known.returncode != 0:
        pytest.skip("no git repository")
    made = tmp_path / "itn"
    done = subprocess.run(["make", "-s", "-C", BUILD, "distdir", f"distdir={made}", "am__remove_distdir=true",
                           "am__skip_mode_fix=true"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    missing = [name for name in known.stdout.splitlines() if not (made / name).exists() and (ROOT / name).exists()]
    assert missing == []
