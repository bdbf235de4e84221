"""Who is there: taverns and apps, their sessions, what they want to hear."""
