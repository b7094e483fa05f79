"""Poll: feeds to articles, each feed for itself."""
