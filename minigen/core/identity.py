"""What is known of objects themselves, whatever they equal, for as long as they live."""

import weakref


class IdentityMap:
    """A mapping whose keys are objects, arrays too, compared by ``is``; it keeps none of them alive.

    A dictionary by ``id`` would have to: the id of an object that died is given to another.
    """

    def __init__(self):
        self._known = {}  # id -> (weak reference, value)

    def __setitem__(self, key, value):
        place = id(key)
        self._known[place] = weakref.ref(key, lambda _: self._known.pop(place, None)), value

    def __getitem__(self, key):
        return self._known[id(key)][1]

    def __contains__(self, key):
        return id(key) in self._known

    def __len__(self):
        return len(self._known)

    def get(self, key):
        """The value of ``key``, or None."""
        known = self._known.get(id(key))
        return None if known is None else known[1]
