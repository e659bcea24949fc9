"""Language models behind the port `ChatModel`: in process, on a server, or scripted for tests."""
