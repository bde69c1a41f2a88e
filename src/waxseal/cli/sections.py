"""Help of a command with many options: they stand under headings, in the order of a reader's questions."""

from collections.abc import Iterable, Mapping
from typing import Any

import click


class Sectioned(click.Command):
    """A command whose options are listed by section.

    Attributes:
        sections: Headings in order, each with the names of its parameters; what none names ends the last one.
    """

    def __init__(self, *args: Any, sections: Mapping[str, Iterable[str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sections = sections

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections."""
        section_of = {name: heading for heading, names in self.sections.items() for name in names}
        last = list(self.sections)[-1]
        rows: dict[str, list[tuple[str, str]]] = {heading: [] for heading in self.sections}
        for option in self.get_params(ctx):
            record = option.get_help_record(ctx) if isinstance(option, click.Option) else None
            if record is not None:
                rows[section_of.get(option.name or "", last)].append(record)
        for heading, records in rows.items():
            with formatter.section(heading):
                formatter.write_dl(records)
