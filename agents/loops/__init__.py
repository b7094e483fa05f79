"""The two loops that move records, and what they are made of: nothing else reads from Kafka for good."""
