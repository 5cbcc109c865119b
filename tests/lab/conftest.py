"""The user's namespace, for every test of this wing."""

from lab.kit import user as user
