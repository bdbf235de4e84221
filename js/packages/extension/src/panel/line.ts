/** What the drawer's parts need of the line to the hub. */

import type { ConnectionState, Messages, Outcome, TavernSends } from "@tavernlink/client";

export interface PanelLine {
  readonly state: ConnectionState;
  onState(listener: (state: ConnectionState) => void): () => void;
  /** Hear one type of message, over this connection and all that follow. */
  hear<Type extends keyof Messages>(type: Type, listener: (content: Messages[Type]) => void): void;
  send<Type extends TavernSends>(type: Type, content: Messages[Type]): boolean;
  ask<Type extends keyof Messages>(type: Type, content: Messages[Type]): Promise<Outcome>;
}
