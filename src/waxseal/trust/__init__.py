"""Proofs over certificates: parsing, names, chains, key strength. Time and roots are arguments.

``certificate`` reads octets, ``names`` matches them to hosts (RFC 9525), ``chain`` proves them against roots
(RFC 5280 §6), ``strength`` measures keys and signatures (RFC 9325 §4.5), ``anchors`` holds the roots. What a
proof means for mail is decided in ``checks``. Nothing is imported here: only ``signature`` needs the
cryptographic library, and choosing anchors must be quick.
"""
