"""The shipped feeds, entities, rules and routes: what stands in for a file that the configuration folder lacks."""
