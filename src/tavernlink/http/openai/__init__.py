"""The OpenAI-compatible API: a SillyTavern character is a model.

`models` says which there are and which one an id means; `completions` is the endpoint; `asking` reads its body and
`parameters` is the table of what may stand in it; `answers`, `chunks` and `transcript` write what comes back.
"""
