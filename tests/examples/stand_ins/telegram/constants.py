"""See `ext`."""


class ChatAction:
    TYPING = "typing"
