"""The documentation site and the manual page: what is generated of the program itself, and how it is built.

``./run docs`` copies ``docs`` into ``build/source``, adds the generated pages, and lets Sphinx make HTML and
the manual of it. Every page is Markdown, made by a pure function; `lacking` says what has no words yet. Why
it is so: docs/decisions/0016-documentation.md.
"""
