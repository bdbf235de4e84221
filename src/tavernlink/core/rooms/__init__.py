"""Rooms: who shares a tavern, who may speak there, and whose turn it is.

    records     what is kept on disk
    room        one room in memory: members, mutes, messages that wait
    rooms       every room: found by name, by member, by tavern; the only place that changes one
    ranks       which role may do what
    turns       when a message triggers a reply
    presence    peers come and go; a room whose owner stays away is closed
    speaking    what members say, on its way to the taverns
    hearing     what happens in a room's taverns, on its way to the members
    messages, moderation   one small function for each message type

`hub` and `messages.apps` stand above; `peers` and `work` below.
"""
