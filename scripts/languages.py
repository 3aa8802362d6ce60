"""The message catalogs: collected from the code, brought up to date, compiled. `make languages`; docs/languages.md.

    python scripts/languages.py            messages.pot, and every language's .po and .mo
    python scripts/languages.py --check    changes nothing; fails when one of them isn't current
    python scripts/languages.py --add de   one more language, all of it still to be translated

No file holds a date or a line number, so the same words give the same files.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
CODE = ROOT / "wabot"
TRANSLATIONS = CODE / "translations"
TEMPLATE = TRANSLATIONS / "messages.pot"
HEADER = "# Translations of wabot."
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)

PAGES = {"_": None, "gettext": None, "ngettext": (1, 2)}
ERRORS = (
    "WabotError", "Invalid", "InvalidNumber", "MalformedRequest", "TooLarge", "Unauthenticated", "InvalidCredentials", "OtpRequired",
    "InvalidOtp", "Forbidden", "NotFound", "Conflict", "RateLimited", "Unavailable", "DatabaseUnavailable", "GatewayUnavailable",
)  # fmt: skip
PYTHON = {
    **DEFAULT_KEYWORDS, "N_": None, "Text": None, "Counted": (1, 2), "flash": None, "NavItem": None,
    "field": (2,),  # Invalid.field(name, why)
    **dict.fromkeys(ERRORS),
}  # fmt: skip
"""What takes words for people first; `flash`, errors and the navigation are translated where they are shown."""


def collected() -> Catalog:
    catalog = _empty(None)
    for path, message in sorted(_messages(), key=lambda one: one[0]):
        catalog.add(message, locations=[(path, 0)])
    return catalog


def _messages() -> Iterator[tuple[str, str | tuple[str, ...]]]:
    options = {"**.html": {"trimmed": "true", "silent": "false"}, "**.txt": {"trimmed": "true", "silent": "false"}}
    ways = [
        (CODE, [("**.py", "python")], {}, PYTHON),
        (CODE / "templates", [("**.html", "jinja2"), ("**.txt", "jinja2")], options, PAGES),
    ]
    for folder, methods, settings, keywords in ways:
        for name, _, message, _, _ in extract_from_dir(folder, methods, settings, keywords):
            if not any(map(str.isalpha, message if isinstance(message, str) else message[0])):
                continue  # of an error that puts its text together: `"; ".join(…)`
            yield str((folder / name).relative_to(ROOT)), message


def brought_up_to_date(template: Catalog, locale: str) -> Catalog:
    path = _po(locale)
    with path.open("rb") as file:
        kept = read_po(file, locale=locale)
    fresh = _empty(locale)
    for message in kept:
        if message.id:
            fresh[message.id] = message
    fresh.update(template, no_fuzzy_matching=True, update_header_comment=False)
    fresh.obsolete.clear()
    return fresh


def files() -> Iterator[tuple[Path, bytes]]:
    """What every file should hold."""
    template = collected()
    yield TEMPLATE, _written(template)
    for folder in sorted(TRANSLATIONS.glob("*/LC_MESSAGES")):
        catalog = brought_up_to_date(template, folder.parent.name)
        yield folder / "messages.po", _written(catalog)
        compiled = io.BytesIO()
        write_mo(compiled, catalog)
        yield folder / "messages.mo", compiled.getvalue()


def _empty(locale: str | None) -> Catalog:
    dates = {"creation_date": LONG_AGO, "revision_date": LONG_AGO}
    return Catalog(locale, project="wabot", version="", header_comment=HEADER, fuzzy=False, **dates)


def _written(catalog: Catalog) -> bytes:
    out = io.BytesIO()
    write_po(out, catalog, width=0, sort_by_file=False, omit_header=True, include_lineno=False)
    return _header(catalog.locale) + out.getvalue()


def _header(locale: Locale | None) -> bytes:
    fields = ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]
    if locale:
        fields += [f"Language: {locale}", f"Plural-Forms: {Catalog(locale).plural_forms}"]
    return "\n".join([HEADER, 'msgid ""', 'msgstr ""', *(f'"{one}\\n"' for one in fields), "", ""]).encode()


def _po(locale: str) -> Path:
    return TRANSLATIONS / locale / "LC_MESSAGES" / "messages.po"


def add(locale: str) -> None:
    """Raises ValueError or UnknownLocaleError for a name that Babel doesn't know."""
    path = _po(str(Locale.parse(locale)))
    path.parent.mkdir(parents=True)
    path.write_bytes(_header(Locale.parse(locale)))


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--add"]:
        add(arguments[1])
    stale = [path for path, content in files() if not path.is_file() or path.read_bytes() != content]
    if "--check" in arguments:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is not current: run `make languages`", file=sys.stderr)
        return 1 if stale else 0
    for path, content in files():
        path.write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
