"""The rules of files and topic, side by side: tried, compared, explained, looked back on."""
