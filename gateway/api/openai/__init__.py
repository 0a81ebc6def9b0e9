"""Endpoints in OpenAI's form: chat completions, responses, moderations."""
