"""Assets: what is uploaded, and when it counts as changed."""

from __future__ import annotations

import io
import zipfile

import pulumi
import pytest
from pulumi.runtime import rpc

from sandbox.provider import ProviderError
from sandbox.provider.assets import ASSET_KEY, AssetReader

FILES = {"a.txt": b"one", "folder/b.txt": b"two"}


@pytest.fixture
def folder(tmp_path):
    for name, content in FILES.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    with zipfile.ZipFile(tmp_path / "made.zip", "w") as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)
    return tmp_path


def entries(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def test_a_text_and_a_file_are_uploaded_as_they_are(folder):
    reader = AssetReader(folder)
    assert reader.read(pulumi.StringAsset("päth")) == "päth".encode()
    assert reader.read(pulumi.FileAsset("tree/a.txt")) == b"one"
    assert reader.read(pulumi.FileAsset(str(folder / "tree" / "a.txt"))) == b"one"
    assert reader.read(pulumi.FileArchive("made.zip")) == (folder / "made.zip").read_bytes()


def test_a_folder_becomes_a_zip_that_is_the_same_every_time(folder):
    reader = AssetReader(folder)
    first = reader.read(pulumi.FileArchive("tree"))
    (folder / "tree" / "a.txt").touch()
    assert reader.read(pulumi.FileArchive("tree")) == first
    assert entries(first) == FILES


def test_an_archive_of_assets_nests_folders_and_archives(folder):
    archive = pulumi.AssetArchive(
        {
            "top.txt": pulumi.StringAsset("top"),
            "tree": pulumi.FileArchive("tree"),
            "zip": pulumi.FileArchive("made.zip"),
            "inner": pulumi.AssetArchive({"deep.txt": pulumi.FileAsset("tree/a.txt")}),
        }
    )
    assert entries(AssetReader(folder).read(archive)) == {
        "top.txt": b"top",
        "tree/a.txt": b"one",
        "tree/folder/b.txt": b"two",
        "zip/a.txt": b"one",
        "zip/folder/b.txt": b"two",
        "inner/deep.txt": b"one",
    }


def test_the_wire_form_of_an_engine_is_read_alike(folder):
    reader = AssetReader(folder)
    wire = {ASSET_KEY: rpc._special_asset_sig, "path": "tree/a.txt"}
    assert reader.read(wire) == b"one"
    assert reader.digest(wire) == reader.digest(pulumi.FileAsset("tree/a.txt"))
    assert reader.digest({ASSET_KEY: rpc._special_asset_sig, "hash": "abc"}) == "sha256:abc"
    whole = {ASSET_KEY: rpc._special_archive_sig, "assets": {"a": wire}}
    assert entries(reader.read(whole)) == {"a": b"one"}


def test_an_asset_without_content_or_from_elsewhere_is_refused(folder):
    reader = AssetReader(folder)
    with pytest.raises(ProviderError, match=r"^an asset came without its content$"):
        reader.read({ASSET_KEY: rpc._special_asset_sig, "hash": "abc"})
    with pytest.raises(ProviderError, match=r"^RemoteAsset is not modelled by the sandbox"):
        reader.read(pulumi.RemoteAsset("https://example.org/x"))


def test_new_content_at_the_same_path_is_a_change_and_is_uploaded(driver, network, assets):
    (assets / "changing.txt").write_text("one")
    inputs = {"bucket": network.bucket, "key": "changing", "source": pulumi.FileAsset("changing.txt")}
    item = driver.create("s3/BucketObjectv2", **inputs)
    (assets / "changing.txt").write_text("two")
    assert driver.diff(item, **inputs).diffs == ["source"]
    item = driver.update(item, **inputs)
    stored = driver.client("s3").get_object(Bucket=network.bucket, Key="changing")
    assert stored["Body"].read() == b"two"
    assert not driver.diff(item, **inputs).changes
    driver.delete(item)


def test_a_preview_does_not_need_the_file(driver, network):
    planned = driver.preview(
        "s3/BucketObjectv2", bucket=network.bucket, key="x", source=pulumi.FileAsset("not-built.txt")
    )
    assert planned["key"] == "x"
    with pytest.raises(ProviderError, match=r"No such file or directory: .*not-built\.txt"):
        driver.create(
            "s3/BucketObjectv2", bucket=network.bucket, key="x", source=pulumi.FileAsset("not-built.txt")
        )
