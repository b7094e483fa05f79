import os
from pathlib import Path

import pytest

from agents.deliver.signature import read_keys, signature
from agents.net.secret import Secret, SecretMissingError
from streams.errors import ConfigurationError


def test_a_secret_is_read_without_the_space_around_it_and_never_shown(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(" xoxb-1 \n")
    secret = Secret(file=str(tmp_path / "token"))
    assert secret.read() == "xoxb-1"
    assert "xoxb-1" not in repr(secret)


def test_a_file_is_read_again_when_it_changed_and_only_then(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("one")
    os.utime(path, ns=(5, 5))
    secret = Secret(file=str(path))
    assert secret.read() == "one"
    path.write_text("two")
    os.utime(path, ns=(5, 5))
    assert secret.read() == "one"
    os.utime(path, ns=(6, 6))
    assert secret.read() == "two"


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"], ids=["absent", "empty", "no text"])
def test_a_file_without_a_secret_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    with pytest.raises(SecretMissingError, match="token"):
        Secret(file=str(tmp_path / "token")).read()


def test_a_variable_holds_a_secret_for_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_URL", " https://x.test ")
    assert Secret(env="HOOK_URL").read() == "https://x.test"
    monkeypatch.delenv("HOOK_URL")
    with pytest.raises(SecretMissingError, match="HOOK_URL"):
        Secret(env="HOOK_URL").read()


def test_a_signature_is_the_one_of_the_specification() -> None:
    # The example of Standard Webhooks 1.0: id, time, body and key give this value.
    keys = read_keys("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body, name = b'{"test": 2432232314}', "msg_p5jXN8AQM9LWM0D4loKWxJek"
    made = signature(keys, webhook_id=name, timestamp=1_614_265_330, body=body)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_two_keys_are_active_and_a_third_is_not() -> None:
    keys = read_keys("whsec_YWFh\n\nYmJi\nY2Nj\n")
    assert keys == (b"aaa", b"bbb")
    assert signature(keys, webhook_id="i", timestamp=1, body=b"").count("v1,") == 2


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_not base64"], ids=["empty", "no key", "no base64"])
def test_a_key_that_can_not_be_read_is_told_without_the_key(text: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read_keys(text)
    assert "not base64" not in str(raised.value)
