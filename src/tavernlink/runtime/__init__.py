"""The event loop around the core: real clock, real randomness, timers, peers inside this process, a clean stop."""
