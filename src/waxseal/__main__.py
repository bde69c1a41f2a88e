"""``python -m waxseal`` is the command."""

from waxseal.cli.main import main

main()
