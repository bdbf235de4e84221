"""The hub measured against Node's socket.io on the same machine in the same run: `python -m benchmarks`.

Both servers do the same job: one connection publishes `stream.delta`, subscribed connections receive it. The
load generator (this process) is the same for both, speaks Socket.IO over a WebSocket, checks every message that
arrives, and runs on another core than the servers. What counts is the CPU time that the server's process used.
"""
