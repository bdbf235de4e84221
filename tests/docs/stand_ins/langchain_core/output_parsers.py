"""The last link of a chain."""


class StrOutputParser: ...
