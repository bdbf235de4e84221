"""Schedules: messages that the hub sends for somebody at a time, on an interval, or as cron says.

    Schedules (the book, on disk) ──► Run: an app inside the hub, under the schedule's key, for one message
         ▲ timing: when next                │
         └──────────── outcome ◄────────────┘

A run is named after its moment, so one that is asked again after a restart is found again, not done twice.
"""
