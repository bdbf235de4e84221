/** Asks the person with SillyTavern's own dialog. */

import { askPerson } from "../host/question.js";
import type { Texts } from "../panel/texts.js";
import type { Ask } from "./gatekeeper.js";
import { showQuestion } from "./question.js";

export function asker(texts: Texts): Ask {
  return async (wish, seconds, signal) => {
    const { content, remember, tick } = showQuestion(wish, seconds, texts);
    const yes = texts.say("permissions.yes");
    const no = texts.say("permissions.no");
    const answer = await askPerson(content, { yes, no, seconds, tick, signal });
    if (answer === undefined) return { answer: "timeout", remember: "no" };
    return { answer: answer ? "allow" : "refuse", remember: remember() };
  };
}
