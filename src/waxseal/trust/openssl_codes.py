"""What OpenSSL would say of a chain: its error codes and depths for each of our problems.

OpenSSL stops at its first error, and most mail servers log just that, by its number. The numbers and names
are those of OpenSSL's ``x509_vfy.h`` (3.0 to 3.6), the order is that of its default verification: the path's
end, then extensions, name constraints, and last, from the top down, signatures and dates. What a real
OpenSSL says is asked in ``net.openssl_verify``; here it is only told by correspondence.
"""

from typing import Final

from msgspec import Struct

from waxseal.trust.proof import ChainProof, Problem, ProblemCode

NAMES: Final[dict[int, str]] = {
    0: "X509_V_OK",
    1: "X509_V_ERR_UNSPECIFIED",
    2: "X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT",
    7: "X509_V_ERR_CERT_SIGNATURE_FAILURE",
    9: "X509_V_ERR_CERT_NOT_YET_VALID",
    10: "X509_V_ERR_CERT_HAS_EXPIRED",
    13: "X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD",
    14: "X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD",
    18: "X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT",
    19: "X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN",
    20: "X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    21: "X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    22: "X509_V_ERR_CERT_CHAIN_TOO_LONG",
    23: "X509_V_ERR_CERT_REVOKED",
    25: "X509_V_ERR_PATH_LENGTH_EXCEEDED",
    26: "X509_V_ERR_INVALID_PURPOSE",
    32: "X509_V_ERR_KEYUSAGE_NO_CERTSIGN",
    34: "X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION",
    41: "X509_V_ERR_INVALID_EXTENSION",
    47: "X509_V_ERR_PERMITTED_VIOLATION",
    48: "X509_V_ERR_EXCLUDED_VIOLATION",
    49: "X509_V_ERR_SUBTREE_MINMAX",
    51: "X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE",
    52: "X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX",
    53: "X509_V_ERR_UNSUPPORTED_NAME_SYNTAX",
    66: "X509_V_ERR_EE_KEY_TOO_SMALL",
    67: "X509_V_ERR_CA_KEY_TOO_SMALL",
    68: "X509_V_ERR_CA_MD_TOO_WEAK",
    79: "X509_V_ERR_INVALID_CA",
    94: "X509_V_ERR_EC_KEY_EXPLICIT_PARAMS",
}
"""The codes that a server's chain meets, without names, strength and revocation asked for."""

_ENDS: Final = {
    ProblemCode.SELF_SIGNED_LEAF: 18,
    ProblemCode.SELF_SIGNED_ROOT_UNTRUSTED: 19,
    ProblemCode.INTERMEDIATE_MISSING: 20,
    ProblemCode.ISSUER_UNKNOWN: 20,
    ProblemCode.TOO_COMPLEX: 22,
    ProblemCode.DEPTH_EXCEEDED: 22,
}
_CODES: Final = {
    **_ENDS,
    ProblemCode.UNPARSEABLE: 20,
    ProblemCode.EXPIRED: 10,
    ProblemCode.NOT_YET_VALID: 9,
    ProblemCode.SIGNATURE_INVALID: 7,
    ProblemCode.NOT_A_CA: 79,
    ProblemCode.PATH_LENGTH_EXCEEDED: 25,
    ProblemCode.NAME_CONSTRAINTS_VIOLATED: 47,
    ProblemCode.EXTENDED_KEY_USAGE: 26,
    ProblemCode.KEY_USAGE: 26,
    ProblemCode.UNKNOWN_CRITICAL_EXTENSION: 34,
    ProblemCode.CURVE_NOT_NAMED: 94,
}
_EXTENSIONS: Final = (34, 79, 26, 25)
"""In which order one certificate's extensions are looked at."""


class OpensslError(Struct, frozen=True, order=True):
    """One error of OpenSSL's verification: its number, its name, and the depth (0 for the leaf)."""

    code: int
    name: str
    depth: int


def openssl_errors(proof: ChainProof) -> tuple[OpensslError, ...]:
    """What corresponds to the problems of a proof, in the order in which OpenSSL meets them.

    Empty where it is trusted, and where nothing was sent, which OpenSSL is never asked about.
    """
    top = len(proof.path) - 1
    ranked = sorted(
        (_rank(problem, _code(problem), top), _code(problem), _depth(problem))
        for problem in proof.problems
        if problem.code in _CODES
    )
    return tuple(OpensslError(code, NAMES[code], depth) for _, code, depth in ranked)


def openssl_name(code: int) -> str:
    """The name of an error number; the number in words where it is not in `NAMES`."""
    return NAMES.get(code, f"X509_V_ERR {code}")


_TELLING: Final = {
    ProblemCode.NAME_CONSTRAINTS_VIOLATED: (
        ("excluded", 48),
        ("minimum or maximum", 49),
        ("cannot process", 51),
        ("no address", 53),
    ),
    ProblemCode.UNPARSEABLE: (("notBefore", 13), ("notAfter", 14)),
    ProblemCode.TOO_COMPLEX: (("too many names", 1),),
}
"""Words of a problem's first detail that tell OpenSSL's codes apart."""


def _code(problem: Problem) -> int:
    first = problem.detail.split(";")[0]
    told = (code for words, code in _TELLING.get(problem.code, ()) if words in first)
    return next(told, _CODES[problem.code])


def _depth(problem: Problem) -> int:
    """A certificate that cannot be read is no candidate for an issuer, so the one below it lacks its own."""
    if problem.code is ProblemCode.UNPARSEABLE and _code(problem) == 20:
        return max(0, problem.depth - 1)
    return problem.depth


def _rank(problem: Problem, code: int, top: int) -> tuple[int, int, int]:
    """Phase, then place in it."""
    if code == 1:
        return 3, 0, 0
    if problem.code in _ENDS or code == 20:
        return 0, problem.depth, 0
    if code in _EXTENSIONS:
        return 1, problem.depth, _EXTENSIONS.index(code)
    if code == 94:
        return 2, problem.depth, 0
    if problem.code is ProblemCode.NAME_CONSTRAINTS_VIOLATED:
        return 3, top - problem.depth, 0
    return 4, top - problem.depth, 0 if code == 7 else 1
