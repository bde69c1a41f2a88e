"""Octets cut into pieces: the ways in which a stream can arrive."""

from itertools import pairwise

from hypothesis import strategies as st


def pieces(octets: bytes, cuts: list[int]) -> list[bytes]:
    """`octets` cut at the given places, taken modulo their length."""
    places = sorted({cut % (len(octets) + 1) for cut in cuts} | {0, len(octets)})
    return [octets[start:end] for start, end in pairwise(places)]


cut_places = st.lists(st.integers(min_value=0, max_value=200_000), max_size=12)
