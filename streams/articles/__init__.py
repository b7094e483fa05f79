"""Articles: what an entry becomes, with an identity that survives edits and crashes."""
