"""A Telegram bot: a character answers every text message that the bot gets.

pip install python-telegram-bot
TELEGRAM_TOKEN=… CHARACTER=Seraphina python examples/telegram_bot.py

Each Telegram chat is a session: a SillyTavern chat of its own. `/new` gives it up, so that the next message begins
anew. In groups Telegram shows a bot only what is meant for it, unless BotFather's privacy mode is off.
"""

from __future__ import annotations

import os
import sys

from telegram import Update
from telegram.constants import ChatAction
from telegram.ext import Application, CommandHandler, ContextTypes, MessageHandler, filters

import tavernlink

LONGEST = 4096
CHARACTER = os.environ.get("CHARACTER", "Seraphina")
CONTEXT = ContextTypes.DEFAULT_TYPE


async def open_hub(application: Application) -> None:
    hub = tavernlink.connect(name="Telegram", connect_timeout=None)
    await hub.open()
    application.bot_data["hub"] = hub


async def close_hub(application: Application) -> None:
    if "hub" in application.bot_data:
        await application.bot_data["hub"].close()


async def answer(update: Update, context: CONTEXT) -> None:
    hub, message, chat = context.bot_data["hub"], update.effective_message, update.effective_chat
    await chat.send_action(ChatAction.TYPING)
    try:
        reply = await hub.tavern("any").send(
            message.text,
            session=f"telegram-{chat.id}",
            character=CHARACTER,
            as_=update.effective_user.full_name,
            request_id=f"telegram-{chat.id}-{message.message_id}",  # delivered twice, answered once
        )
        said = reply.text
    except tavernlink.TavernlinkError as error:
        said = f"({error.message})"
    for start in range(0, len(said), LONGEST):
        await message.reply_text(said[start : start + LONGEST])


async def begin_anew(update: Update, context: CONTEXT) -> None:
    try:
        forgotten = await context.bot_data["hub"].sessions.forget(f"telegram-{update.effective_chat.id}")
    except tavernlink.TavernlinkError as error:
        await update.effective_message.reply_text(f"({error.message})")
    else:
        await update.effective_message.reply_text("A new page." if forgotten else "The page is still empty.")


def main() -> None:
    application = (
        Application.builder()
        .token(os.environ["TELEGRAM_TOKEN"])
        .concurrent_updates(True)  # noqa: FBT003  (chats do not wait for one another)
        .post_init(open_hub)
        .post_shutdown(close_hub)
        .build()
    )
    application.add_handler(CommandHandler("new", begin_anew))
    application.add_handler(MessageHandler(filters.TEXT & ~filters.COMMAND, answer))
    application.run_polling(allowed_updates=[Update.MESSAGE])


try:
    main()
except tavernlink.TavernlinkError as error:
    sys.exit(f"{error.message} [{error.code}]")
