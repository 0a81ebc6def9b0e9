"""Policies: the input document, the engines that evaluate it, phrase lists, tools for authors."""
