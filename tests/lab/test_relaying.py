import pytest

from waxseal.lab.relaying import RelayForm, forms_asked, mailbox

HERE = frozenset(("here.test", "mx.here.test", "[192.0.2.1]"))


@pytest.mark.parametrize(
    ("recipient", "sender", "forms"),
    [
        ("user@here.test", "", ()),
        ("user@HERE.test", "", ()),
        ("user", "", ()),
        ("user@[192.0.2.1]", "", ()),
        ("user@[192.0.2.2]", "a@b.test", ("plain",)),
        ("user%other.test@[192.0.2.1]", "", ("percent",)),
        ("@here.test:user@here.test", "", ()),
        ('"user"@here.test', "", ()),
        ("user@other.test", "a@b.test", ("plain",)),
        ("user@other.test", "", ("plain", "null-sender")),
        ("user@other.test", "me@here.test", ("plain", "local-sender")),
        ("user%other.test@here.test", "", ("percent",)),
        ("user%other.test", "", ("percent",)),
        ("user%other.test@other.test", "x@y", ("plain",)),
        ("other.test!user@here.test", "", ("bang",)),
        ("other.test!user", "", ("bang",)),
        ('"user@other.test"@here.test', "", ("quoted",)),
        ('"user@other.test"', "", ("quoted",)),
        ("user@other.test@here.test", "", ("two-ats",)),
        ("@here.test:user@other.test", "", ("source-route",)),
    ],
)
def test_forms(recipient: str, sender: str, forms: tuple[str, ...]) -> None:
    assert forms_asked(recipient, sender, HERE) == {RelayForm(form) for form in forms}


@pytest.mark.parametrize(
    ("argument", "path"),
    [
        (b"FROM:<>", ""),
        (b"FROM:<a@b.test> SIZE=1", "a@b.test"),
        (b'TO:<"a>b"@c.test>', '"a>b"@c.test'),
        (b"TO: a@b.test X", "a@b.test"),
        (b"", ""),
    ],
)
def test_mailbox(argument: bytes, path: str) -> None:
    assert mailbox(argument) == path
