"""From other people's files to tables to a finished store."""
