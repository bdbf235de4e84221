"""Inboxes: what is for one app and finds it away waits here, on disk."""
