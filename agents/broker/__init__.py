"""The embedded Apache Kafka: its jars, its Java, its folder, and the process that it is."""
