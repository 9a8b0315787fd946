"""The connection: TLS with the right name, a password read when it is needed, one error when nobody answers."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace

import pymysql
import pytest

from webapp.database import Database, DatabaseAway
from webapp.secret import Login, Secret, SecretUnavailable
from webapp.settings import InvalidSettings, Settings

from .conftest import Secrets
from .mariadb import USER


def test_it_speaks_tls(database):
    ((_, cipher),) = database.rows("SHOW STATUS LIKE 'Ssl_cipher'")

    assert cipher


def test_a_certificate_nobody_vouches_for_is_refused(emptied, settings):
    with pytest.raises(DatabaseAway, match="certificate verify failed"):
        Database(settings, Secret("the-secret", Secrets())).rows("SELECT 1")


def test_a_certificate_for_another_name_is_refused(emptied, settings, trusted):
    other = Settings("127.0.0.2", *list(vars(settings).values())[1:])

    with pytest.raises(DatabaseAway):
        Database(other, Secret("the-secret", Secrets())).rows("SELECT 1")


def test_the_secret_is_read_once_and_again_after_a_rotation(emptied, settings, trusted):
    secrets = Secrets()
    database = Database(settings, Secret("the-secret", secrets))
    database.rows("SELECT 1")
    database.rows("SELECT 1")
    assert secrets.reads == 1

    rotated = Secrets("old")
    secret = Secret("the-secret", rotated)
    secret.login()
    rotated.text = secrets.text
    assert Database(settings, secret).rows("SELECT 1") == [[1]]
    assert rotated.reads == 2


def test_a_wrong_password_is_told_without_it(emptied, settings, trusted):
    with pytest.raises(DatabaseAway, match=f"Access denied for user '{USER}'") as caught:
        Database(settings, Secret("the-secret", Secrets("wrong-one"))).rows("SELECT 1")

    assert "wrong-one" not in str(caught.value)


def test_it_is_used_again_once_it_is_back(database, emptied):
    assert database.is_there()
    emptied.kill()
    assert not database.is_there()
    with pytest.raises(DatabaseAway, match="Can't connect"):
        database.rows("SELECT 1")
    emptied.start()
    assert database.rows("SELECT 1") == [[1]]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (pymysql.OperationalError(2013, "Lost connection to MySQL server during query"), "Lost connection"),
        (pymysql.InterfaceError(0, "The connection was closed"), "The connection was closed"),
        (pymysql.InternalError("Packet sequence number wrong - got 45 expected 1"), "Packet sequence number"),
        (pymysql.InternalError(), "InternalError"),
    ],
    ids=["lost", "closed", "garbled", "silent"],
)
def test_a_connection_that_fails_in_use_is_told_in_its_words_and_not_used_again(database, error, said):
    ((before,),) = database.rows("SELECT CONNECTION_ID()")

    with pytest.raises(DatabaseAway, match=rf"^{said}") as caught, database.cursor():
        raise error
    assert caught.value.__cause__ is error
    assert database.rows("SELECT CONNECTION_ID()") != [[before]]


def test_a_server_that_is_none_of_mysql_is_told_as_one_that_is_away(settings, trusted):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        other = replace(settings, database_host="127.0.0.1", database_port=listener.getsockname()[1])

        def greet() -> None:
            with listener.accept()[0] as peer:
                peer.sendall(b"-ERR unknown command")

        greeter = threading.Thread(target=greet)
        greeter.start()
        with pytest.raises(DatabaseAway, match=r"^Packet sequence number wrong"):
            Database(other, Secret("the-secret", Secrets())).rows("SELECT 1")
        greeter.join()


@pytest.mark.parametrize("text", ["not JSON: pass-word", '{"username": "demo"}', "[]"])
def test_a_secret_of_another_form_is_told_without_its_content(text):
    secrets = Secrets()
    secrets.text = text

    with pytest.raises(SecretUnavailable) as caught:
        Secret("the-secret", secrets).login()
    assert str(caught.value) == "the secret the-secret is not JSON with username and password"
    assert caught.value.__cause__ is None


def test_a_login_does_not_show_its_password():
    assert repr(Login("demo", "hush")) == "Login(username='demo', password=...)"


def test_settings_tell_every_problem_at_once():
    with pytest.raises(InvalidSettings) as caught:
        Settings.from_environment({"WEB_DATABASE_PORT": "x", "WEB_TTL_SECONDS": "0", "WEB_ROW_LIMIT": "501"})

    assert str(caught.value).splitlines() == [
        "WEB_DATABASE_HOST is not set",
        "WEB_DATABASE_PORT must be 1-65535, got 'x'",
        "WEB_DATABASE_NAME is not set",
        "WEB_DATABASE_SECRET is not set",
        "WEB_TTL_SECONDS must be 1-86400, got '0'",
        "WEB_ROW_LIMIT must be 1-500, got '501'",
    ]
