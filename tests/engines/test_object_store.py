"""Reports in S3, spoken to as S3 is: a store in this process that answers over HTTP."""

from __future__ import annotations

import importlib.util

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def s3():
    """A store with the bucket ``weekly``, and the environment of who uses it."""
    missing = [name for name in ("moto", "s3fs") if not importlib.util.find_spec(name)]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed (make engines installs them)")
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    client = boto3.client("s3", endpoint_url=address, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    client.create_bucket(Bucket="weekly")
    environment = {"AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_MAX_ATTEMPTS": "1"}
    yield client, environment
    server.stop()


def kept(client) -> dict[str, str]:
    """What is in the bucket, with what a browser would be told that it is."""
    names = [one["Key"] for one in client.list_objects_v2(Bucket="weekly").get("Contents", ())]
    return {name: client.head_object(Bucket="weekly", Key=name)["ContentType"] for name in names}


def test_reports_are_kept_and_published_in_s3_as_pages_that_a_browser_opens(tiny, s3):
    client, environment = s3
    tiny.notebook("page", "print(market)")
    done = tiny.labelqa("run", "--outputs", "s3://weekly/reports", **environment)
    assert done.returncode == 0, done.stderr
    assert "s3://weekly/reports/internal/2026-W46/index.html" in done.stdout
    there = kept(client)
    assert there["reports/internal/2026-W46/MY/page.html"] == there["reports/internal/index.html"] == "text/html"
    assert there["reports/internal/2026-W46/run.json"] == "application/json"
    assert not [name for name in there if ".tmp" in name]

    again = tiny.labelqa("run", "--outputs", "s3://weekly/reports", **environment)
    assert "0 of 1 pages rendered for 2026-W46, 1 unchanged" in again.stdout
    tiny.labelqa("run")
    shared = tiny.labelqa("publish", "s3://weekly/shared", **environment)
    assert shared.returncode == 0, shared.stderr
    there = kept(client)
    assert there["shared/2026-W46/MY/page.html"] == there["shared/index.html"] == "text/html"
    assert not [name for name in there if "staging" in name]


def test_what_cannot_be_kept_is_refused_before_anything_is_rendered(tiny, s3):
    client, environment = s3
    tiny.notebook("page", "print(market)")
    typo = tiny.labelqa("run", "--outputs", "s3://weakly/reports", **environment)
    assert typo.returncode == 2 and "s3://weakly/reports: there is no bucket weakly" in typo.stderr
    assert [one["Name"] for one in client.list_buckets()["Buckets"]] == ["weekly"], "no bucket is made by mistake"
    nobody = {**environment, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    alone = tiny.labelqa("run", "--outputs", "s3://weekly/reports", **nobody)
    assert alone.returncode == 2 and "s3://weekly/reports: there is no bucket weekly that can be reached from here" in alone.stderr
    assert "Traceback" not in typo.stderr + alone.stderr and not tiny.week.exists()
