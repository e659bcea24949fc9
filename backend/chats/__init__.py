"""Chats: what a person asked an agent, and what it answered, sealed."""
