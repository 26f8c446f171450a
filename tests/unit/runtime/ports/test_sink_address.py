"""Tests of sinks' addresses: what each kind takes, and that nothing secret stands in one."""

import pytest

from runtime.ports.sink_address import SinkAddress, SinkAddressError, SinkKind, read_sink_address

TOKEN = "vault%3A%2F%2Fkv%2Fsinks%23token"  # noqa: S105  # a reference
SECRET = "hunter2-is-a-secret"  # noqa: S105  # of nothing


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "s3://records/plangate/eu?keep_days=2557&region=eu-central-1",
            SinkAddress(
                kind=SinkKind.S3,
                name="s3://records/plangate/eu",
                place="records",
                prefix="plangate/eu/",
                keep_days=2557,
                region="eu-central-1",
            ),
            id="Amazon's S3, by the machine's identity",
        ),
        pytest.param(
            "s3://records?keep_days=1&endpoint=https://ceph.internal:8443&timeout_s=3"
            "&access_key=env://AK&secret_key=env://SK",
            SinkAddress(
                kind=SinkKind.S3,
                name="s3://records",
                place="records",
                keep_days=1,
                endpoint="https://ceph.internal:8443",
                timeout_s=3.0,
                access_key="env://AK",
                secret_key="env://SK",  # noqa: S106  # a reference
            ),
            id="another S3, with a key",
        ),
        pytest.param(
            f"splunk+https://splunk.internal:8088?index=audit&token={TOKEN}",
            SinkAddress(
                kind=SinkKind.SPLUNK,
                name="splunk+https://splunk.internal:8088",
                place="https://splunk.internal:8088",
                timeout_s=30.0,
                token="vault://kv/sinks#token",  # noqa: S106  # a reference
                index="audit",
            ),
            id="Splunk",
        ),
        pytest.param(
            f"datadog+https://http-intake.logs.datadoghq.eu?token={TOKEN}",
            SinkAddress(
                kind=SinkKind.DATADOG,
                name="datadog+https://http-intake.logs.datadoghq.eu",
                place="https://http-intake.logs.datadoghq.eu",
                token="vault://kv/sinks#token",  # noqa: S106  # a reference
            ),
            id="Datadog",
        ),
        pytest.param(
            "file:///var/lib/plangate/copies",
            SinkAddress(
                kind=SinkKind.FILES,
                name="file:///var/lib/plangate/copies",
                place="/var/lib/plangate/copies",
            ),
            id="files",
        ),
    ],
)
def test_an_address_says_where_copies_go(text: str, expected: SinkAddress) -> None:
    """With the usual values where it says nothing; only S3 is immutable."""
    assert read_sink_address(text) == expected
    assert expected.immutable is (expected.kind is SinkKind.S3)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("", "begins with none of", id="nothing"),
        pytest.param("gs://records", "begins with none of", id="another scheme"),
        pytest.param("s3://records", "needs keep_days", id="S3 without a time"),
        pytest.param("s3://records?keep_days=0", "needs keep_days", id="no day"),
        pytest.param("s3://records?keep_days=36501", "needs keep_days", id="more than a century"),
        pytest.param("s3://records?keep_days=1.5", "needs keep_days", id="half a day"),
        pytest.param("s3://Records?keep_days=1", "s3://BUCKET", id="no name of a bucket"),
        pytest.param("s3://records/../a?keep_days=1", "s3://BUCKET", id="a way up in a prefix"),
        pytest.param("s3://records?keep_days=1&mode=GOVERNANCE", "'mode'", id="an unknown option"),
        pytest.param("s3://records?keep_days=1&keep_days=2", "twice", id="an option twice"),
        pytest.param(
            "s3://records?keep_days=1&endpoint=http://ceph.internal", "endpoint", id="S3 by http"
        ),
        pytest.param(
            f"s3://records?keep_days=1&endpoint=https://a:{SECRET}@ceph.internal",
            "endpoint",
            id="a user in an endpoint",
        ),
        pytest.param(
            "s3://records?keep_days=1&access_key=env://AK", "go together", id="half a key"
        ),
        pytest.param(
            f"s3://records?keep_days=1&access_key=env://AK&secret_key={SECRET}",
            "secret_key is no reference",
            id="a key instead of its reference",
        ),
        pytest.param("s3://records?keep_days=1&region=eu%20x", "region", id="no region"),
        pytest.param("splunk+https://splunk.internal", "token by reference", id="no token"),
        pytest.param(
            f"splunk+https://splunk.internal?token={SECRET}", "token is no ref", id="a token itself"
        ),
        pytest.param(
            f"datadog+https://u:{SECRET}@datadog?token={TOKEN}", "user before", id="a user"
        ),
        pytest.param(
            f"splunk+http://splunk.internal?token={TOKEN}", "this machine only", id="http elsewhere"
        ),
        pytest.param(
            f"splunk+https://splunk.internal/x?token={TOKEN}", "HOST:PORT", id="a path of Splunk"
        ),
        pytest.param(
            "splunk+https://splunk.internal?token=vault://kv/sinks#token", "%23", id="a bare #"
        ),
        pytest.param(
            f"splunk+https://splunk.internal:99999?token={TOKEN}", "host or port", id="no port"
        ),
        pytest.param("file://copies", "file:///ABSOLUTE", id="a relative folder"),
        pytest.param("file:///", "file:///ABSOLUTE", id="the root"),
        pytest.param("file:///copies/../etc", "file:///ABSOLUTE", id="a way up"),
        pytest.param("file:///copies?timeout_s=0", "timeout_s", id="no time"),
        pytest.param("file:///copies?timeout_s=nan", "timeout_s", id="no number"),
        pytest.param("file:///copies?timeout_s=soon", "timeout_s", id="no number at all"),
    ],
)
def test_what_is_no_address_is_refused_with_a_word_on_how_to_write_it(text: str, told: str) -> None:
    """And never with what could be a secret."""
    with pytest.raises(SinkAddressError) as error:
        read_sink_address(text)

    assert told in str(error.value)
    assert SECRET not in str(error.value)


@pytest.mark.parametrize("host", ["127.0.0.1:8088", "localhost:8088", "[::1]:8088"])
def test_this_machine_is_reached_by_http(host: str) -> None:
    """For tests and collectors beside the platform."""
    assert read_sink_address(f"splunk+http://{host}?token={TOKEN}").place == f"http://{host}"
