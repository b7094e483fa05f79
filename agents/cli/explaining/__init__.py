"""`tocsin explain`: why each desk was told, or why not."""
