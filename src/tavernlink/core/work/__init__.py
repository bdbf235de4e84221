"""What taverns are asked to do: requests, their queues, their one outcome."""
