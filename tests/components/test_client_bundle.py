"""The bundle: the same bytes everywhere, for both CPUs, and a clear word where it cannot be built."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from components import client_bundle
from components.client_bundle import BundleError, build, build_function_bundle, build_instance_bundle
from components.user_data import MAXIMUM_BYTES, render_user_data


@pytest.fixture(scope="session")
def instance_zip() -> Path:
    return Path(build_instance_bundle().path)


@pytest.fixture
def small(tmp_path: Path) -> tuple[Path, Path]:
    """A client of one module and no requirements, which needs no download."""
    (tmp_path / "client" / "__pycache__").mkdir(parents=True)
    (tmp_path / "client" / "__init__.py").write_text("answer = 42\n")
    (tmp_path / "client" / "__pycache__" / "old.pyc").write_bytes(b"old")
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("# none\n")
    return tmp_path / "client", requirements


@pytest.fixture
def without_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    def install(requirements: Path, cpu: str, target: Path) -> None:
        target.mkdir(parents=True)

    monkeypatch.setattr(client_bundle, "_run_pip", install)


def test_the_instances_zip_holds_the_client_and_compiled_libraries_for_both_cpus(instance_zip):
    names = zipfile.ZipFile(instance_zip).namelist()

    assert {"client/__main__.py", "client/py.typed"} <= set(names)
    for cpu in ("x86_64", "aarch64"):
        assert f"hiredis/hiredis.cpython-311-{cpu}-linux-gnu.so" in names
        assert f"_pylibmc.cpython-311-{cpu}-linux-gnu.so" in names
    assert not [name for name in names if name.endswith((".pyc", "/RECORD", "/WHEEL"))]


def test_botocore_knows_the_services_the_client_uses_and_no_others(instance_zip):
    names = zipfile.ZipFile(instance_zip).namelist()

    services = {
        name.split("/")[2] for name in names if name.startswith("botocore/data/") and name.count("/") > 2
    }
    assert services == {"elasticache", "secretsmanager", "ssm", "sts"}


def test_the_functions_zip_is_pure():
    names = zipfile.ZipFile(build_function_bundle().path).namelist()

    assert "client/handler.py" in names
    assert "redis/__init__.py" in names
    assert not [name for name in names if ".so" in name]


def test_the_client_runs_from_the_unpacked_zip(instance_zip, tmp_path):
    zipfile.ZipFile(instance_zip).extractall(tmp_path)

    result = subprocess.run(
        [sys.executable, "-S", "-m", "client", "--help"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )

    assert result.returncode == 0, result.stderr
    assert "verify" in result.stdout


@pytest.mark.usefixtures("without_pip")
def test_equal_content_gives_equal_bytes_wherever_and_whenever_it_is_built(small, tmp_path):
    first = build([small[0]], small[1], tmp_path / "one")
    (small[0] / "__init__.py").touch()
    second = build([small[0]], small[1], tmp_path / "two")

    assert Path(first.path).read_bytes() == Path(second.path).read_bytes()
    assert (first.sha256, first.content_sha256) == (second.sha256, second.content_sha256)
    assert zipfile.ZipFile(first.path).namelist() == ["client/__init__.py"]


def test_a_package_of_ones_own_comes_along_with_its_libraries(instance_zip):
    folder = Path(__file__).resolve().parents[2]
    locked = folder / "components" / "data" / "web-requirements.txt"

    names = zipfile.ZipFile(build_instance_bundle(str(folder / "webapp"), str(locked)).path).namelist()

    assert {"client/__main__.py", "webapp/__main__.py", "webapp/static/page.css", "flask/app.py"} <= set(
        names
    )
    assert not [name for name in zipfile.ZipFile(instance_zip).namelist() if name.startswith("flask")]
    for cpu in ("x86_64", "aarch64"):
        assert f"markupsafe/_speedups.cpython-311-{cpu}-linux-gnu.so" in names


@pytest.mark.usefixtures("without_pip")
def test_a_file_for_the_instance_comes_along_under_its_path_there(small, tmp_path):
    (tmp_path / "report").write_text("print(42)\n")
    files = {"/usr/local/bin/report": str(tmp_path / "report")}

    found = build_instance_bundle(None, str(small[1]), files, tmp_path / "build")

    with zipfile.ZipFile(found.path) as archive:
        assert archive.read("instance-files/usr/local/bin/report") == b"print(42)\n"
    assert found != build_instance_bundle(None, str(small[1]), None, tmp_path / "build")


@pytest.mark.usefixtures("without_pip")
def test_a_changed_client_is_another_bundle(small, tmp_path):
    first = build([small[0]], small[1], tmp_path / "build")
    (small[0] / "__init__.py").write_text("answer = 43\n")

    assert build([small[0]], small[1], tmp_path / "build").content_sha256 != first.content_sha256


def test_without_a_package_index_the_error_says_what_to_do(small, tmp_path, monkeypatch):
    small[1].write_text("redis==8.1.0\n")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")

    with pytest.raises(BundleError, match="pip could not download its libraries"):
        build([small[0]], small[1], tmp_path / "build")
    assert list((tmp_path / "build").iterdir()) == []


def test_user_data_quotes_what_it_is_given():
    text = render_user_data(
        bucket="b",
        key="k",
        sha256="0" * 64,
        region="eu-west-1",
        python="python3.11",
        packages=["redis6", "$(touch /tmp/x)"],
        environment={"NAME": "a b'$(reboot)"},
    )

    assert "PACKAGES='redis6 $(touch /tmp/x)'" in text
    assert "reboot" not in text


def test_user_data_beyond_the_limit_of_ec2_is_refused():
    environment = {"NAME": "x" * MAXIMUM_BYTES}

    with pytest.raises(ValueError, match="EC2 takes 16384"):
        render_user_data(
            bucket="b", key="k", sha256="0", region="r", python="p", packages=[], environment=environment
        )
