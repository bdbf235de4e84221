"""As much of python-telegram-bot as the example uses; see `ext`."""


class Update:
    MESSAGE = "message"
