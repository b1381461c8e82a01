"""Queries in processes of their own, which can be limited, killed and replaced."""
