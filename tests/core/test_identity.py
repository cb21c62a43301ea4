"""A mapping by identity finds what it was given, by nothing that is only equal, and keeps no key alive."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.core.identity import IdentityMap


@given(st.lists(st.integers(0, 3), max_size=20), st.data())
def test_it_knows_the_living_and_none_else(values, data):
    keys, known = [np.full(3, value) for value in values], IdentityMap()  # many are equal, none is another
    for i in range(len(keys)):
        known[keys[i]] = i
    for _ in range(data.draw(st.integers(0, len(keys)))):
        keys.pop(data.draw(st.integers(0, len(keys) - 1)))
    found = [known[key] for key in keys]
    assert len(known) == len(keys) and found == sorted(found)
    assert all(known.get(key) == i and values[i] == key[0] for key, i in zip(keys, found, strict=True))
    newborn = [np.full(3, value) for value in values]  # some where the dead ones were
    assert not any(array in known for array in newborn)


def test_what_it_does_not_know():
    known, key = IdentityMap(), np.zeros(2)
    assert known.get(key) is None and key not in known
    with pytest.raises(KeyError):
        known[key]
    known[key] = 1
    known[key] = 2
    assert known[key] == 2 and len(known) == 1
