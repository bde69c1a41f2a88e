"""Other languages: headlines, their reasons and the titles of checks, from gettext catalogues.

A catalogue is ``waxseal/locale/<language>/LC_MESSAGES/waxseal.mo``, made of the .po file beside it by
``tools/catalogues.py``; its msgids are the ids of messages (docs/translating.md). English is in the source,
so that it reads no catalogue. What a catalogue lacks is said in English, such as the rules of one's own
profile.
"""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files

from waxseal.grading.headline import Headline
from waxseal.grading.message import DECIMAL_MARK, TITLE, Message, Value, fill, plural_number
from waxseal.grading.profile import GradedFinding
from waxseal.grading.wording import ENGLISH, say

SOURCE = "en"
"""The language that the messages are written in."""
DOMAIN = "waxseal"


class Language:
    """One language.

    Attributes:
        code: Such as ``de``, in the form that gettext knows.
    """

    def __init__(self, code: str, catalogue: NullTranslations) -> None:
        self.code = code
        self._catalogue = catalogue
        mark = catalogue.gettext(DECIMAL_MARK)
        self._mark = "." if mark == DECIMAL_MARK else mark

    def phrase(self, message: Message) -> str:
        """Say one message; in English where there is no translation."""
        known, number = message.message, plural_number(message.values)
        if message.context:
            said = self._catalogue.pgettext(message.context, known)
        elif isinstance(ENGLISH.get(known), str):
            said = self._catalogue.gettext(known)
        else:
            said = self._catalogue.ngettext(known, known, number)
        if said == known:
            return message.text
        return fill(said, message.values, self.phrase, self._mark)

    def sentence(self, headline: Headline) -> str:
        """Say a headline, and what follows it."""
        if self.code == SOURCE:
            return headline.sentence
        first = say(headline.message, **headline.values)
        return " ".join(self.phrase(message) for message in (first, *headline.also))

    def title(self, check: str, english: str) -> str:
        """The title of a check.

        Args:
            check: Its id.
            english: Its title in English.
        """
        values: dict[str, Value] = {}
        return self.phrase(Message(check, values, english, TITLE))


@cache
def languages() -> tuple[str, ...]:
    """Codes of all languages, sorted."""
    catalogues = (place.name for place in files("waxseal").joinpath("locale").iterdir() if place.is_dir())
    return tuple(sorted({SOURCE, *catalogues}))


@cache
def load_language(code: str = SOURCE) -> Language:
    """A language by its code, such as ``de``; ``de_AT.UTF-8`` is ``de`` where it has no catalogue of its own.

    Raises:
        ValueError: There is no such language.
    """
    wanted = code.split(".")[0].split("@")[0].replace("-", "_").lower()
    known = {name.lower(): name for name in languages()}
    name = known.get(wanted) or known.get(wanted.split("_")[0])
    if name is None:
        raise ValueError(f"there is no language {code!r}")
    if name == SOURCE:
        return Language(name, NullTranslations())
    place = files("waxseal").joinpath("locale", name, "LC_MESSAGES", f"{DOMAIN}.mo")
    with place.open("rb") as file:
        return Language(name, GNUTranslations(file))


def translate(headline: Headline, language: str = SOURCE) -> str:
    """A headline in a language, by its code.

    Raises:
        ValueError: There is no such language.
    """
    return load_language(language).sentence(headline)


def translate_title(finding: GradedFinding, language: str = SOURCE) -> str:
    """The title of a finding's check in a language, by its code.

    Raises:
        ValueError: There is no such language.
    """
    return load_language(language).title(finding.check, finding.title)
