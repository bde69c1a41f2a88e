"""A profile's own rules: what each kind looks at, and in which class what it sees falls.

A kind is a struct whose fields are the keys of its ``[[rules]]`` and whose ``judge`` is pure: what was seen
at one subject -> judgement. Every module here that has a table ``KINDS`` brings kinds; ``rules.own_rule``
finds them and reads a rule, ``rules.judging`` runs them. The rules themselves are data
(``grading/profiles``).
"""
