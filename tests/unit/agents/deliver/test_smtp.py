import ssl

import pytest

from agents.deliver.smtp import Security, Server, Submission, server_of
from tests.support.smtp_sink import USER


@pytest.mark.parametrize(
    ("url", "server"),
    [
        pytest.param("smtps://h.test", ("h.test", 465, Security.TLS, None), id="tls"),
        pytest.param("smtp://h.test?starttls", ("h.test", 587, Security.STARTTLS, None), id="starttls"),
        pytest.param("smtp://h.test:2525/", ("h.test", 2525, Security.PLAIN, None), id="plain"),
        pytest.param("smtps://a%40b:c%3A@h.test", ("h.test", 465, Security.TLS, "a@b"), id="a login"),
        pytest.param("smtps://[2001:db8::1]:465", ("2001:db8::1", 465, Security.TLS, None), id="version 6"),
        pytest.param("smtps://h.test?starttls", None, id="both"),
        pytest.param("smtp://h.test?tls", None, id="an unknown wish"),
        pytest.param("smtp://h.test/path", None, id="a path"),
        pytest.param("smtp://", None, id="no host"),
        pytest.param("smtp://h:99999", None, id="no port"),
        pytest.param("mailto:a@b", None, id="no server"),
    ],
)
def test_a_servers_url_is_read(url: str, server: tuple[str, int, Security, str | None] | None) -> None:
    found = server_of(url)
    assert (found and (found.host, found.port, found.security, found.username)) == server


def test_a_server_shows_no_login() -> None:
    shown = repr(server_of(f"smtps://{USER.replace('@', '%40')}:secret@h.test"))
    assert "secret" not in shown
    assert USER not in shown


@pytest.mark.parametrize(("name", "said"), [("127.0.0.1", "[127.0.0.1]"), ("fe80::1%eth0", "[IPv6:fe80::1]")])
def test_a_client_names_itself_by_its_address(name: str, said: str) -> None:
    server = Server(host="h.test", port=465, security=Security.TLS)
    submission = Submission(server, ssl.create_default_context(), (), 5.0)
    assert submission._client(Bound(name)).local_hostname == said  # type: ignore[arg-type]


class Bound:
    """A socket that is bound to an address that this machine may not have."""

    def __init__(self, name: str) -> None:
        self.name = name

    def getsockname(self) -> tuple[str, int]:
        return self.name, 1
