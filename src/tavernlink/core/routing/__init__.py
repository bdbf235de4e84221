"""Messages from peer to peer, and the rules that lead them.

    messages ─► rulebook (which rules) ─► planner (what they do) ─► post (who gets it)
    listener (what taverns publish) ──┘         expression (CEL)

The planner decides everything before the post delivers anything: a message that would loop reaches nobody.
"""
