"""What peers send: one small function for each message type. A noun's own package may hold its handlers instead."""
