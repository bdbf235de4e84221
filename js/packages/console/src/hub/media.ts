/** The files of a message, as the hub's copy of a chat tells of them: where they are, not what is in them. */

import type { ChatMessage } from "@tavernlink/client";

export interface Media {
  /** `image`, `video`, `audio`; absent: another file. */
  type?: string;
  title?: string;
  name?: string;
  /** Where SillyTavern keeps it; absent where it stands in the chat itself. */
  url?: string;
}

export function mediaOf({ extra }: Pick<ChatMessage, "extra">): Media[] {
  const media = extra?.["media"];
  return Array.isArray(media) ? (media as Media[]) : [];
}
