"""Profiles: settings that taverns share, in versions. The hub keeps and compares them; only taverns apply them."""
