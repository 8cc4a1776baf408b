"""The DVC remote on a storage bucket of Hugging Face, against a stand-in for its S3 gateway."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from support import s3_gateway, seaweedfs
from support.e2e import Owner

OPERATIONS = {
    *("HeadObject", "ListObjectsV2", "PutObject", "GetObject", "DeleteObjects"),
    *("CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"),
}
"""What DVC needs of the gateway, which has all of it."""


@pytest.mark.e2e
def test_a_clone_gets_the_data_from_a_bucket_of_hugging_face(
    owner: Owner, trained_project: Path, tmp_path: Path
) -> None:
    project, clone = owner.copy(trained_project, tmp_path), tmp_path / "clone"
    dvc = str(project / ".venv" / "bin" / "dvc")
    owner.run(sys.executable, "-m", "mlpath", "add", "dvc_remote=huggingface", cwd=project)
    owner.uv("sync", "--quiet", cwd=project)
    with (
        seaweedfs.serve(tmp_path / "storage") as store,
        s3_gateway.serve(store, tmp_path) as gateway,
    ):
        # As CONTRIBUTING.md says; only the address of the gateway is another one.
        url = f"s3://{gateway.bucket}/demo"
        owner.run(dvc, "remote", "modify", "store", "url", url, cwd=project)
        owner.run(dvc, "remote", "modify", "store", "endpointurl", gateway.url, cwd=project)
        owner.run("git", "add", "--all", cwd=project)
        owner.run("git", "commit", "--quiet", "--message", "Use a bucket", cwd=project)
        name, secret = gateway.keys
        admin = owner.with_variables(
            {
                "AWS_ACCESS_KEY_ID": name,
                "AWS_SECRET_ACCESS_KEY": secret,
                "AWS_CA_BUNDLE": str(tmp_path / "certificate.pem"),
            }
        )
        stranger = admin.with_variables({"AWS_SECRET_ACCESS_KEY": "wrong"})
        message = stranger.run(dvc, "push", cwd=project, fails=True).splitlines()[0]
        assert message.startswith("ERROR: unexpected error - Forbidden")
        default = admin.with_variables({"AWS_REQUEST_CHECKSUM_CALCULATION": "when_supported"})
        assert "ChecksumInTrailer" in default.run(dvc, "push", cwd=project, fails=True)

        admin.run(dvc, "push", "--quiet", cwd=project / "src")
        admin.run("git", "clone", "--quiet", str(project), str(clone), cwd=project)
        admin.run(dvc, "pull", "--quiet", cwd=clone)
        assert "up to date" in admin.run(dvc, "status", cwd=clone)

        (clone / "large.bin").write_bytes(bytes(101 * 2**20))
        admin.run(dvc, "add", "--quiet", "large.bin", cwd=clone)
        admin.run(dvc, "push", "--quiet", cwd=clone)
        (clone / "large.bin.dvc").unlink()
        admin.run(dvc, "gc", "--workspace", "--cloud", "--force", "--quiet", cwd=clone)
        assert gateway.operations == OPERATIONS
